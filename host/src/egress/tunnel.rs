//! Asks a proxy for a connection (RFC 9110 section 9.3.6): one request, and the head of its
//! answer. Nothing of a job is in it but the name of the host.
//!
//! It must not know why a proxy is used, nor what goes through the tunnel.

use super::proxy::ProxyProblem;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use url::Host;

/// Bytes of the head of an answer.
const LONGEST: usize = 8 << 10;

/// Asks for a connection to `host`. Afterwards the stream is the connection.
pub(super) async fn open(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    host: &Host,
    port: u16,
) -> Result<(), ProxyProblem> {
    let broken = |error: io::Error| ProxyProblem::Broken(error.kind());
    let request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(broken)?;
    stream.flush().await.map_err(broken)?;
    let mut head = Vec::new();
    // Byte by byte: what follows the head is the other side's already.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= LONGEST {
            return Err(ProxyProblem::NoProxy);
        }
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(match head.is_empty() {
                    true => ProxyProblem::Closed,
                    false => ProxyProblem::NoProxy,
                });
            }
            Err(error) => return Err(broken(error)),
        }
    }
    match status(&head) {
        Some(200..=299) => Ok(()),
        Some(status) => Err(ProxyProblem::Answered(status)),
        None => Err(ProxyProblem::NoProxy),
    }
}

/// The status of an answer of HTTP/1.x (RFC 9112 section 4).
fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let version = words.next()?;
    let status = words.next().filter(|status| status.len() == 3)?;
    version
        .starts_with("HTTP/1.")
        .then(|| status.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    async fn answered(answer: &[u8]) -> (String, Result<(), ProxyProblem>) {
        let (mut near, mut far) = duplex(1 << 20);
        far.write_all(answer).await.unwrap();
        let host = Host::parse("kv-one.vault.example").unwrap();
        let opened = open(&mut near, &host, 443).await;
        drop(near);
        let mut asked = String::new();
        far.read_to_string(&mut asked).await.unwrap();
        (asked, opened)
    }

    #[tokio::test]
    async fn a_proxy_is_told_the_name_and_nothing_else() {
        let (asked, opened) =
            answered(b"HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n").await;
        assert!(opened.is_ok());
        assert_eq!(
            asked,
            "CONNECT kv-one.vault.example:443 HTTP/1.1\r\nHost: kv-one.vault.example:443\r\n\r\n"
        );
    }

    #[tokio::test]
    async fn nothing_that_follows_the_head_is_taken_from_the_connection() {
        let (mut near, mut far) = duplex(1 << 10);
        far.write_all(b"HTTP/1.0 200 OK\r\n\r\nrest").await.unwrap();
        open(&mut near, &Host::parse("a.example").unwrap(), 443)
            .await
            .unwrap();
        drop(far);
        let mut rest = String::new();
        near.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "rest");
    }

    #[tokio::test]
    async fn any_other_answer_is_no_connection() {
        for (answer, wanted) in [
            ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "407"),
            (
                "HTTP/1.1 302 Found\r\nLocation: http://a.example/\r\n\r\n",
                "302",
            ),
            ("HTTP/1.1 502\r\n\r\n", "502"),
            ("SSH-2.0-OpenSSH\r\n\r\n", "proxy"),
            ("HTTP/2 200\r\n\r\n", "proxy"),
            ("HTTP/1.1 2000 OK\r\n\r\n", "proxy"),
            ("HTTP/1.1\r\n\r\n", "proxy"),
        ] {
            let (mut near, mut far) = duplex(1 << 10);
            far.write_all(answer.as_bytes()).await.unwrap();
            let host = Host::parse("a.example").unwrap();
            let error = open(&mut near, &host, 443).await.unwrap_err().to_string();
            assert!(error.contains(wanted), "{answer}: {error}");
        }
        let endless = "HTTP/1.1 200 OK\r\n".repeat(1_000);
        let (_, opened) = answered(endless.as_bytes()).await;
        assert!(matches!(opened, Err(ProxyProblem::NoProxy)));
    }

    #[tokio::test]
    async fn a_proxy_that_hangs_up_is_none() {
        let (mut near, far) = duplex(1 << 10);
        drop(far);
        let opened = open(&mut near, &Host::parse("a.example").unwrap(), 443).await;
        assert!(opened.is_err());
    }
}
