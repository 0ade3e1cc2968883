//! How many list and get requests a second the emulator answers over TLS, client included.
//!
//! `cargo run --release -p azure-emulator --example throughput` prints one line per kind of request.
//! A measurement, not a test.

#![allow(clippy::print_stdout, reason = "the measurement is the output")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use azure_emulator::{Clock, Emulator, Seed, Server};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};

const SEED: &str = r#"
[[tenant]]
id = "11111111-1111-4111-8111-111111111111"
[[application]]
client-id = "33333333-3333-4333-8333-333333333333"
secret = "s"
tenants = ["11111111-1111-4111-8111-111111111111"]
[[subscription]]
id = "22222222-2222-4222-8222-222222222222"
tenant = "11111111-1111-4111-8111-111111111111"
group = [{ name = "rg" }]
[[vault]]
name = "kv-one"
subscription = "22222222-2222-4222-8222-222222222222"
group = "rg"
certificates = 10000
"#;

/// Requests in flight at once, on one HTTP/2 connection.
const AT_ONCE: u32 = 32;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let began = Instant::now();
    let emulator = Emulator::new(&Seed::parse(SEED)?, Clock::system())?;
    let server = Server::start(emulator.clone(), "127.0.0.1:0".parse()?).await?;
    println!("start with 10000 certificates: {:?}", began.elapsed());
    let form = "grant_type=client_credentials&client_id=33333333-3333-4333-8333-333333333333&client_secret=s&scope=https://vault.azure.net/.default";
    let url =
        "https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token";
    let answer = emulator
        .handle(Request::post(url).body(Bytes::from(form))?)
        .await?;
    let answer: serde_json::Value = serde_json::from_slice(answer.body())?;
    let token = answer
        .get("access_token")
        .and_then(|t| t.as_str())
        .context("no token")?
        .to_owned();

    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(server.ca_pem().as_bytes())?)?;
    let mut config = rustls::ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()?
    .with_root_certificates(roots)
    .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = tokio::net::TcpStream::connect(server.local_addr()).await?;
    stream.set_nodelay(true)?;
    let stream = tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from("kv-one.vault.azure.net")?, stream)
        .await?;
    let (client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    tokio::spawn(connection);

    for (what, paths) in [
        ("get, each made first", "/certificates/cert-{n}"),
        ("get, made before", "/certificates/cert-{n}"),
        ("list of 25", "/certificates"),
    ] {
        let began = Instant::now();
        let mut workers = tokio::task::JoinSet::new();
        for worker in 0..AT_ONCE {
            let (mut client, token) = (client.clone(), token.clone());
            workers.spawn(async move {
                let mut done = 0_u32;
                let mut number = worker;
                while number < 10_000 && began.elapsed() < Duration::from_secs(10) {
                    let path = paths.replace("{n}", &format!("{:05}", number + 1));
                    let request = Request::get(format!(
                        "https://kv-one.vault.azure.net{path}?api-version=7.6"
                    ))
                    .header("authorization", format!("Bearer {token}"))
                    .body(Full::<Bytes>::default())?;
                    let response = client.send_request(request).await?;
                    anyhow::ensure!(response.status() == 200, "{}", response.status());
                    response.into_body().collect().await?;
                    done += 1;
                    number += AT_ONCE;
                }
                Ok(done)
            });
        }
        let mut done = 0;
        while let Some(worker) = workers.join_next().await {
            done += worker??;
        }
        let rate = f64::from(done) / began.elapsed().as_secs_f64();
        println!("{what}: {done} requests, {rate:.0} a second");
    }
    server.shutdown().await;
    Ok(())
}
