//! The loopback face: one port, TLS and plain HTTP, HTTP/1.1 and HTTP/2, the CA and the policy.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

mod common;

use std::net::SocketAddr;
use std::sync::Arc;

use azure_emulator::{Effect, Emulator, Fault, Server, ServerError};
use bytes::Bytes;
use common::*;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

async fn start(emulator: &Emulator) -> Server {
    Server::start(emulator.clone(), "127.0.0.1:0".parse().unwrap())
        .await
        .unwrap()
}

/// A TLS connection to the server that checks its certificate against a CA and a name.
async fn connect(
    address: SocketAddr,
    ca_pem: &str,
    name: &str,
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

async fn whole(response: Response<hyper::body::Incoming>) -> Response<Bytes> {
    let (parts, body) = response.into_parts();
    Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
}

fn request(path: &str, token: &str, host: &str) -> Request<Full<Bytes>> {
    Request::get(path)
        .header("host", host)
        .header("authorization", format!("Bearer {token}"))
        .body(Full::default())
        .unwrap()
}

#[tokio::test]
async fn http_1_and_http_2_work_over_tls_by_the_clients_choice() {
    let emulator = built_in();
    let token = token(&emulator).await;
    let server = start(&emulator).await;
    let host = "kv-one.vault.azure.net";

    let stream = connect(server.local_addr(), server.ca_pem(), host, "http/1.1")
        .await
        .unwrap();
    assert_eq!(
        stream.get_ref().1.alpn_protocol(),
        Some(b"http/1.1".as_slice())
    );
    let (mut client, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let path = "/certificates?api-version=7.6";
    let first = client
        .send_request(request(path, &token, host))
        .await
        .unwrap();
    assert_eq!(first.status(), 200);
    assert_eq!(
        json(&whole(first).await)["value"].as_array().unwrap().len(),
        25
    );

    let stream = connect(server.local_addr(), server.ca_pem(), host, "h2")
        .await
        .unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let url = format!("{VAULT}{path}");
    let mut second = request(&url, &token, host);
    second.headers_mut().remove("host");
    let second = client.send_request(second).await.unwrap();
    assert_eq!(second.version(), http::Version::HTTP_2);
    assert_eq!(
        json(&whole(second).await)["value"]
            .as_array()
            .unwrap()
            .len(),
        25
    );
    server.shutdown().await;
}

#[tokio::test]
async fn plain_http_on_the_same_port_reaches_the_metadata_address_and_no_vault() {
    let emulator = built_in();
    let server = start(&emulator).await;
    for (host, expected) in [
        ("169.254.169.254", Some(400)),
        ("kv-one.vault.azure.net", None),
    ] {
        let stream = TcpStream::connect(server.local_addr()).await.unwrap();
        let (mut client, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        let outcome = client
            .send_request(request("/certificates", "t", host))
            .await;
        assert_eq!(
            outcome.ok().map(|r| r.status().as_u16()),
            expected,
            "{host}"
        );
    }
}

#[tokio::test]
async fn each_known_host_has_a_certificate_of_the_ca_and_others_have_none() {
    let emulator = built_in();
    let (server, other) = (start(&emulator).await, start(&emulator).await);
    let address = server.local_addr();
    for host in [
        "kv-one.vault.azure.net",
        "kv-one.vault.azure.cn",
        "kv-one.vault.usgovcloudapi.net",
        "login.microsoftonline.com",
        "login.microsoftonline.us",
        "login.chinacloudapi.cn",
        "management.azure.com",
    ] {
        connect(address, server.ca_pem(), host, "h2")
            .await
            .unwrap_or_else(|e| panic!("{host}: {e}"));
    }
    for host in ["kv-none.vault.azure.net", "example.com"] {
        assert!(
            connect(address, server.ca_pem(), host, "h2").await.is_err(),
            "{host}"
        );
    }
    let by_another_ca = connect(address, other.ca_pem(), "kv-one.vault.azure.net", "h2").await;
    assert!(
        by_another_ca
            .unwrap_err()
            .to_string()
            .contains("certificate")
    );
}

#[tokio::test]
async fn a_reset_drops_the_connection_without_an_answer_and_the_next_one_works() {
    let emulator = built_in();
    let server = start(&emulator).await;
    let host = "kv-one.vault.azure.net";
    emulator.inject(Fault::new(Effect::Reset).times(1));
    let mut outcomes = Vec::new();
    for _ in 0..2 {
        let stream = connect(server.local_addr(), server.ca_pem(), host, "http/1.1")
            .await
            .unwrap();
        let (mut client, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        outcomes.push(
            client
                .send_request(request("/certificates", "t", host))
                .await
                .is_ok(),
        );
    }
    assert_eq!(outcomes, [false, true]);
    assert_eq!(emulator.requests()[0].status, None);
}

#[tokio::test]
async fn the_policy_names_this_server_and_its_ca() {
    let server = start(&built_in()).await;
    let policy: toml::Table = server.policy_toml().parse().unwrap();
    assert_eq!(
        policy["connect-to"][0]["address"].as_str().unwrap(),
        server.local_addr().to_string()
    );
    assert_eq!(policy["ca"][0]["pem"].as_str().unwrap(), server.ca_pem());
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let address: SocketAddr = address.parse().unwrap();
        let refused = Server::start(built_in(), address).await.unwrap_err();
        assert!(matches!(refused, ServerError::NotLoopback(_)), "{address}");
        assert!(refused.to_string().contains("127.0.0.1"));
    }
}

#[tokio::test]
async fn after_a_shutdown_nobody_listens_and_open_connections_end() {
    let server = start(&built_in()).await;
    let address = server.local_addr();
    let mut open = connect(
        address,
        server.ca_pem(),
        "kv-one.vault.azure.net",
        "http/1.1",
    )
    .await
    .unwrap();
    server.shutdown().await;
    let mut byte = [0; 1];
    let read = tokio::io::AsyncReadExt::read(&mut open, &mut byte).await;
    assert!(matches!(read, Ok(0) | Err(_)));
    assert!(TcpStream::connect(address).await.is_err());
}
