//! For tests: servers on loopback, and a network that is injected, so that nothing leaves it.
//!
//! It must not know what a test expects.

use super::network::{Dial, Resolve};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What every server answers that is not told otherwise. The connection ends, so that the next
/// request needs another one.
pub(super) const OK: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";

/// A list that a server or a double adds to.
pub(super) type Seen<T> = Arc<Mutex<Vec<T>>>;

/// An authority of a test's own.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate.
    pub(super) pem: String,
}

impl Authority {
    pub(super) fn new() -> Self {
        Self::of(CertificateParams::default())
    }

    /// One of another name than the others have.
    pub(super) fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        Self::of(params)
    }

    fn of(mut params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// A server's side of TLS with a certificate for these names.
    fn acceptor(&self, names: &[&str]) -> TlsAcceptor {
        self.acceptor_of(names, &[])
    }

    /// The same for these protocols (RFC 7301).
    fn acceptor_of(&self, names: &[&str], protocols: &[&[u8]]) -> TlsAcceptor {
        self.acceptor_for(certificate(names), protocols)
    }

    /// The same with a certificate that is like this.
    fn acceptor_for(&self, params: CertificateParams, protocols: &[&[u8]]) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// What a certificate for these names is like.
fn certificate(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateParams::new(names).unwrap()
}

/// A server, and the heads of the requests that it got.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) heads: Seen<String>,
}

/// A server of plain HTTP.
pub(super) async fn plain(answer: &'static str) -> Server {
    serve(move |stream, heads| async move { once(stream, &heads, answer.as_bytes()).await }).await
}

/// A server that says this before it is asked anything.
pub(super) async fn talkative(text: &'static str) -> Server {
    serve(move |mut stream, _| async move {
        let _ = stream.write_all(text.as_bytes()).await;
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    })
    .await
}

/// A server of HTTPS with a certificate for these names.
pub(super) async fn https(authority: &Authority, names: &[&str]) -> Server {
    https_with(authority, names, OK.as_bytes()).await
}

/// The same with another answer.
pub(super) async fn https_with(
    authority: &Authority,
    names: &[&str],
    answer: &'static [u8],
) -> Server {
    https_by(authority.acceptor(names), answer).await
}

/// A server of HTTPS with a certificate that is valid in these years.
pub(super) async fn https_between(authority: &Authority, name: &str, years: (i32, i32)) -> Server {
    let mut params = certificate(&[name]);
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    https_by(authority.acceptor_for(params, &[]), OK.as_bytes()).await
}

async fn https_by(acceptor: TlsAcceptor, answer: &'static [u8]) -> Server {
    serve(move |stream, heads| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                once(stream, &heads, answer).await;
            }
        }
    })
    .await
}

/// A server of HTTP/2 that has nothing but a GOAWAY with this debug data for any request
/// (RFC 9113 section 6.8).
pub(super) async fn going_away(authority: &Authority, names: &[&str], debug: &str) -> Server {
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const ENHANCE_YOUR_CALM: u32 = 0xb;
    let acceptor = authority.acceptor_of(names, &[b"h2"]);
    let mut answer = SETTINGS.to_vec();
    let length = u32::try_from(8 + debug.len()).unwrap();
    answer.extend_from_slice(&length.to_be_bytes()[1..]);
    answer.extend_from_slice(&[7, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    answer.extend_from_slice(&ENHANCE_YOUR_CALM.to_be_bytes());
    answer.extend_from_slice(debug.as_bytes());
    serve(move |stream, _| {
        let (acceptor, answer) = (acceptor.clone(), answer.clone());
        async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let mut preface = [0; 24];
                let _ = stream.read_exact(&mut preface).await;
                // SETTINGS come first; a request's HEADERS are frames of type 1.
                let mut head = [0; 9];
                while stream.read_exact(&mut head).await.is_ok() && head[3] != 1 {
                    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
                    let mut payload = vec![0; usize::try_from(length).unwrap()];
                    let _ = stream.read_exact(&mut payload).await;
                }
                let _ = stream.write_all(&answer).await;
                let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
            }
        }
    })
    .await
}

/// A proxy that connects everything to one server, whatever it is asked for; over TLS where it
/// has a certificate.
pub(super) async fn proxy(to: SocketAddr, tls: Option<(&Authority, &str)>) -> Server {
    let acceptor = tls.map(|(authority, name)| authority.acceptor(&[name]));
    serve(move |stream, heads| {
        let acceptor = acceptor.clone();
        async move {
            match acceptor {
                None => tunnel(stream, &heads, to).await,
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        tunnel(stream, &heads, to).await;
                    }
                }
            }
        }
    })
    .await
}

async fn serve<F>(answer: impl Fn(TcpStream, Seen<String>) -> F + Send + 'static) -> Server
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heads = Seen::default();
    let seen = heads.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, seen.clone()));
        }
    });
    Server { address, heads }
}

async fn once(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    heads: &Seen<String>,
    answer: &[u8],
) {
    let head = head(&mut stream).await;
    heads.lock().unwrap().push(head);
    let _ = stream.write_all(answer).await;
    let _ = stream.shutdown().await;
}

async fn tunnel(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    heads: &Seen<String>,
    to: SocketAddr,
) {
    let head = head(&mut stream).await;
    heads.lock().unwrap().push(head);
    let _ = stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await;
    if let Ok(mut far) = TcpStream::connect(to).await {
        let _ = tokio::io::copy_bidirectional(&mut stream, &mut far).await;
    }
}

async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Answers each question with the next of its answers, and keeps the names.
#[derive(Clone, Default)]
pub(super) struct Answers {
    pub(super) next: Arc<Mutex<VecDeque<Vec<&'static str>>>>,
    pub(super) asked: Seen<String>,
}

impl Answers {
    pub(super) fn new(answers: &[&[&'static str]]) -> Self {
        let answers = answers.iter().map(|answer| answer.to_vec()).collect();
        Self {
            next: Arc::new(Mutex::new(answers)),
            asked: Seen::default(),
        }
    }
}

impl Resolve for Answers {
    fn resolve(
        &self,
        name: String,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>> {
        self.asked.lock().unwrap().push(name);
        let next = self.next.lock().unwrap().pop_front();
        Box::pin(async move {
            let found = next.ok_or_else(|| io::Error::other("asked once too often"))?;
            let address = |ip: &str| SocketAddr::new(ip.parse().unwrap(), port);
            Ok(found.into_iter().map(address).collect())
        })
    }
}

/// A network in which every address is one server, and the addresses that were dialled in it.
#[derive(Clone)]
pub(super) struct Dialled {
    pub(super) to: SocketAddr,
    pub(super) addresses: Seen<SocketAddr>,
}

impl Dialled {
    pub(super) fn all_to(to: SocketAddr) -> Self {
        Self {
            to,
            addresses: Seen::default(),
        }
    }

    pub(super) fn ips(&self) -> Vec<String> {
        let addresses = self.addresses.lock().unwrap();
        addresses.iter().map(|one| one.ip().to_string()).collect()
    }
}

impl Dial for Dialled {
    fn dial(
        &self,
        address: SocketAddr,
    ) -> Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>> {
        self.addresses.lock().unwrap().push(address);
        Box::pin(TcpStream::connect(self.to))
    }
}
