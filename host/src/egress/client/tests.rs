//! Requests through the pool, as they would leave: where they may lead, whom they believe, and
//! what is asked of a proxy. The network is a double; only loopback is dialled.

use super::*;
use crate::egress::loopback::{
    Answers, Authority, Dialled, OK, Server, going_away, https, https_between, plain, proxy,
    talkative,
};
use crate::egress::route::{ConnectTo, PrivateEndpoint, Proxy, Routes};
use crate::egress::tls::{AddedCa, Trust};
use crate::grant::HostPattern;
use url::Host;

const PUBLIC: &str = "20.190.128.1";

struct Network {
    client: Client,
    answers: Answers,
    dialled: Dialled,
}

/// A client whose names resolve so, and whose connections all end at one server.
fn network(
    server: &Server,
    answers: &[&[&'static str]],
    routes: Routes,
    cas: &[AddedCa],
) -> Network {
    let answers = Answers::new(answers);
    let dialled = Dialled::all_to(server.address);
    let connector = Connector::dialling(
        Trust::new(cas).unwrap(),
        routes,
        Box::new(answers.clone()),
        Box::new(dialled.clone()),
    );
    Network {
        client: Client::new(connector, Handle::current()),
        answers,
        dialled,
    }
}

impl Network {
    async fn get(&self, url: &str) -> Result<u16, SendError> {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = url.parse().unwrap();
        let answer = self.client.send(request, Duration::from_secs(30)).await?;
        Ok(answer.response.status().as_u16())
    }
}

fn hosts(names: &[&str]) -> Vec<HostPattern> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn trusting(authority: &Authority, names: &[&str]) -> AddedCa {
    AddedCa {
        hosts: hosts(names),
        pem: authority.pem.clone(),
    }
}

fn through_proxy(tls: bool, except: &[&str]) -> Routes {
    Routes {
        proxy: Some(Proxy {
            host: Host::parse("proxy.example").unwrap(),
            port: 3128,
            tls,
            except: hosts(except),
        }),
        ..Routes::default()
    }
}

#[tokio::test]
async fn a_name_that_leads_to_loopback_the_second_time_is_refused_then() {
    let server = plain(OK).await;
    let network = network(
        &server,
        &[&[PUBLIC], &["127.0.0.1"]],
        Routes::default(),
        &[],
    );
    assert_eq!(network.get("http://store.example/").await.unwrap(), 200);
    let error = network.get("http://store.example/").await.unwrap_err();
    assert!(
        matches!(error, SendError::Connect(ConnectError::Prohibited { .. })),
        "{error}"
    );
    assert_eq!(
        network.dialled.ips(),
        [PUBLIC],
        "what was filtered, and nothing else"
    );
    assert_eq!(network.answers.asked.lock().unwrap().len(), 2);
    assert_eq!(server.heads.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_connection_resolves_once_and_dials_what_was_filtered() {
    let server = plain(OK).await;
    let answers: &[&[&str]] = &[&["10.0.0.1", PUBLIC, "127.0.0.1"], &["127.0.0.1"]];
    let network = network(&server, answers, Routes::default(), &[]);
    assert_eq!(network.get("http://store.example/").await.unwrap(), 200);
    assert_eq!(network.dialled.ips(), [PUBLIC]);
    assert_eq!(network.answers.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn the_pool_does_not_pass_an_address_by_the_filter() {
    let server = plain(OK).await;
    let network = network(&server, &[], Routes::default(), &[]);
    for url in [
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "http://127.0.0.1:8443/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://10.0.0.4/",
        "http://169.254.169.254/metadata/identity/oauth2/token",
        "https://169.254.169.254/",
        "http://[::1]/",
        "https://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[fd00:ec2::254]/",
        "http://168.63.129.16/",
    ] {
        let error = network.get(url).await.unwrap_err();
        assert!(
            matches!(error, SendError::Connect(ConnectError::Prohibited { .. })),
            "{url}: {error}"
        );
    }
    assert_eq!(network.dialled.ips(), Vec::<String>::new());
    assert_eq!(server.heads.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn only_a_request_that_asks_this_machine_reaches_the_identity_endpoint() {
    let server = plain(OK).await;
    let network = network(&server, &[], Routes::default(), &[]);
    let url = "http://169.254.169.254/metadata/identity/oauth2/token";
    assert!(network.get(url).await.is_err());
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = url.parse().unwrap();
    request.extensions_mut().insert(AsksThisMachine);
    let answer = network.client.send(request, Duration::from_secs(30)).await;
    assert_eq!(answer.unwrap().response.status(), 200);
    assert_eq!(network.dialled.ips(), ["169.254.169.254"]);
    assert!(
        network.get(url).await.is_err(),
        "no connection of its pool is shared"
    );
}

#[tokio::test]
async fn what_a_connection_ended_with_is_told_in_fixed_words() {
    let authority = Authority::new();
    let cas = [trusting(&authority, &["store.example"])];
    let away = going_away(&authority, &["store.example"], "s3cret").await;
    let broken = plain("s3cret s3cret\r\n\r\n").await;
    for (server, url, wanted) in [
        (away, "https://store.example/", "http2 error"),
        (
            broken,
            "http://store.example/",
            "invalid HTTP version parsed",
        ),
    ] {
        let network = network(&server, &[&[PUBLIC]], Routes::default(), &cas);
        let error = network.get(url).await.unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(error.to_string().ends_with(wanted), "{error}");
        assert!(!said.contains("s3cret"), "{said}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_never_followed() {
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary",
        "308 Permanent",
    ] {
        let answer: &'static str = Box::leak(
            format!("HTTP/1.1 {status}\r\nlocation: http://attacker.example/\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
                .into_boxed_str(),
        );
        let server = plain(answer).await;
        let network = network(&server, &[&[PUBLIC], &[PUBLIC]], Routes::default(), &[]);
        let got = network.get("http://store.example/").await.unwrap();
        assert_eq!(got.to_string(), status[..3]);
        assert_eq!(server.heads.lock().unwrap().len(), 1, "{status}");
        assert_eq!(*network.answers.asked.lock().unwrap(), ["store.example"]);
    }
}

#[tokio::test]
async fn a_private_address_is_reached_by_the_names_that_may_lead_there_and_no_others() {
    let server = plain(OK).await;
    let routes = Routes {
        private_endpoints: vec![PrivateEndpoint {
            hosts: hosts(&["*.vault.example"]),
            ranges: vec!["10.20.0.0/16".parse().unwrap()],
        }],
        ..Routes::default()
    };
    for (name, address, allowed) in [
        ("kv-one.vault.example", "10.20.0.4", true),
        ("kv-one.vault.example", "10.21.0.4", false),
        ("kv-one.vault.example", "127.0.0.1", false),
        ("kv-one.vault.example", "169.254.169.254", false),
        ("kv-one.vault.example", "::ffff:10.20.0.4", false),
        ("vault.example", "10.20.0.4", false),
        ("login.example", "10.20.0.4", false),
    ] {
        let network = network(&server, &[&[address]], routes.clone(), &[]);
        let got = network.get(&format!("http://{name}/")).await;
        assert_eq!(got.is_ok(), allowed, "{name} {address}: {got:?}");
        assert_eq!(
            network.dialled.ips().len(),
            usize::from(allowed),
            "{name} {address}"
        );
    }
    // An address in place of a name is not one of the names.
    let network = network(&server, &[], routes, &[]);
    assert!(network.get("http://10.20.0.4/").await.is_err());
}

#[tokio::test]
async fn a_certificate_is_verified_against_the_granted_name() {
    let authority = Authority::new();
    let server = https(&authority, &["store.example", "other.example"]).await;
    let cas = [trusting(&authority, &["other.example", "third.example"])];
    let answers: &[&[&str]] = &[&[PUBLIC], &[PUBLIC]];
    let network = network(&server, answers, Routes::default(), &cas);
    assert_eq!(network.get("https://other.example/").await.unwrap(), 200);
    let error = network.get("https://third.example/").await.unwrap_err();
    assert!(
        matches!(error, SendError::Connect(ConnectError::Certificate { .. })),
        "{error}"
    );
    assert_eq!(
        server.heads.lock().unwrap().len(),
        1,
        "nothing was sent to the wrong one"
    );
}

#[tokio::test]
async fn where_a_name_is_redirected_to_the_certificate_is_still_the_names() {
    let authority = Authority::new();
    let server = https(&authority, &["elsewhere.example"]).await;
    let routes = Routes {
        connect_to: vec![ConnectTo {
            host: "store.example".parse().unwrap(),
            address: server.address,
        }],
        ..Routes::default()
    };
    let network = network(
        &server,
        &[],
        routes,
        &[trusting(&authority, &["store.example"])],
    );
    let error = network.get("https://store.example/").await.unwrap_err();
    assert!(
        matches!(error, SendError::Connect(ConnectError::Certificate { .. })),
        "{error}"
    );
}

#[tokio::test]
async fn an_added_authority_is_trusted_for_its_names_only() {
    let (one, two) = (Authority::new(), Authority::new());
    let names = ["store.example", "both.example", "none.example"];
    let cas = [
        trusting(&one, &["store.example", "both.example"]),
        trusting(&two, &["both.example"]),
    ];
    for (authority, name, trusted) in [
        (&one, "store.example", true),
        (&one, "both.example", true),
        (&one, "none.example", false),
        (&two, "store.example", false),
        (&two, "both.example", true),
        (&two, "none.example", false),
    ] {
        let server = https(authority, &names).await;
        let network = network(&server, &[&[PUBLIC]], Routes::default(), &cas);
        let got = network.get(&format!("https://{name}/")).await;
        assert_eq!(got.is_ok(), trusted, "{name}: {got:?}");
    }
}

#[tokio::test]
async fn a_proxy_is_asked_by_name_and_what_goes_through_it_is_tls_to_the_granted_name() {
    let (authority, own) = (Authority::new(), Authority::new());
    let far = https(&authority, &["store.example"]).await;
    let cas = [
        trusting(
            &authority,
            &["*.store.example", "store.example", "wrong.example"],
        ),
        trusting(&own, &["proxy.example"]),
    ];
    for tls in [false, true] {
        let near = proxy(far.address, tls.then_some((&own, "proxy.example"))).await;
        // The proxy itself may be in a private network: the operator wrote it down.
        let answers: &[&[&str]] = &[&["10.0.0.9"], &["10.0.0.9"]];
        let network = network(&near, answers, through_proxy(tls, &[]), &cas);
        assert_eq!(network.get("https://store.example/").await.unwrap(), 200);
        assert_eq!(network.dialled.ips(), ["10.0.0.9"]);
        let asked = network.answers.asked.lock().unwrap().clone();
        assert_eq!(
            asked,
            ["proxy.example"],
            "the proxy resolves what it is asked for"
        );
        let heads = near.heads.lock().unwrap().clone();
        assert!(
            heads[0].starts_with("CONNECT store.example:443 "),
            "{heads:?}"
        );
        let error = network.get("https://wrong.example/").await.unwrap_err();
        assert!(
            matches!(error, SendError::Connect(ConnectError::Certificate { .. })),
            "{error}"
        );
    }
    assert_eq!(far.heads.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_proxy_is_asked_neither_for_exceptions_nor_for_addresses_nor_without_tls() {
    let authority = Authority::new();
    let server = https(&authority, &["kv-one.vault.example"]).await;
    let cas = [trusting(&authority, &["*.vault.example"])];
    let routes = through_proxy(false, &["*.vault.example"]);
    let direct = network(&server, &[&[PUBLIC], &["10.0.0.1"]], routes.clone(), &cas);
    assert_eq!(
        direct.get("https://kv-one.vault.example/").await.unwrap(),
        200
    );
    assert_eq!(direct.dialled.ips(), [PUBLIC]);
    // Without the proxy, the filter is ours.
    assert!(direct.get("https://kv-one.vault.example/").await.is_err());

    let server = plain(OK).await;
    let network = network(&server, &[&[PUBLIC]], routes, &[]);
    assert_eq!(network.get("http://store.example/").await.unwrap(), 200);
    assert_eq!(*network.answers.asked.lock().unwrap(), ["store.example"]);
    for url in ["https://127.0.0.1/", "https://[::1]/", "http://127.0.0.1/"] {
        let error = network.get(url).await.unwrap_err();
        assert!(
            matches!(error, SendError::Connect(ConnectError::Prohibited { .. })),
            "{url}: {error}"
        );
    }
}

/// What only a change of the proxy or of the policy mends has the code of which an extension makes no
/// second try, and the proxy's own status and what helps in the host's words.
#[tokio::test]
async fn what_a_proxy_answers_is_told_at_once_with_what_helps() {
    for (answer, cause, helps, again) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n",
            "407 (Proxy Authentication Required)",
            "`[proxy]` in the policy takes none",
            false,
        ),
        (
            "HTTP/1.1 403 Forbidden\r\n\r\n",
            "403 (Forbidden)",
            "allowed",
            false,
        ),
        (
            "HTTP/1.1 302 Found\r\nlocation: http://a.example/\r\n\r\n",
            "302 (Found)",
            "not followed",
            false,
        ),
        (
            "HTTP/1.1 405 No\r\n\r\n",
            "405 (Method Not Allowed)",
            "`host`, `port`",
            false,
        ),
        ("HTTP/1.1 511 No\r\n\r\n", "511", "signing in", false),
        (
            "SSH-2.0-OpenSSH\r\n\r\n",
            "does not answer as an HTTP proxy",
            "`tls`",
            false,
        ),
        (
            "HTTP/1.1 502 Bad Gateway\r\n\r\n",
            "502 (Bad Gateway)",
            "its own log",
            true,
        ),
        ("HTTP/1.1 503 No\r\n\r\n", "503", "its own log", true),
        ("HTTP/1.1 429 No\r\n\r\n", "429", "its own log", true),
        ("", "closes the connection", "runs", true),
    ] {
        let near = plain(answer).await;
        let network = network(&near, &[&[PUBLIC]], through_proxy(false, &[]), &[]);
        let error = network.get("https://store.example/").await.unwrap_err();
        let SendError::Connect(connect) = &error else {
            panic!("{answer}: {error}");
        };
        let told = connect.told().unwrap();
        for part in ["proxy.example:3128", "store.example", cause, helps] {
            assert!(told.contains(part), "{part}: {told}");
        }
        let code = crate::egress::hooks::wasi_error(&error);
        let is_final = matches!(code, wasmtime_wasi_http::Error::ConfigurationError);
        assert_eq!(is_final, !again, "{answer}: {code:?}");
    }
}

/// What keeps a request from the proxy is not told as if it kept it from the server.
#[tokio::test]
async fn a_proxy_that_is_not_reached_is_told_as_the_proxy() {
    let (own, server) = (Authority::new(), talkative(OK).await);
    let wrong_name = https(&own, &["other.example"]).await;
    let trusted = [trusting(&own, &["proxy.example"])];
    for (server, answers, tls, cause, again) in [
        (
            &server,
            &[][..],
            false,
            "proxy.example does not resolve",
            true,
        ),
        (&server, &[&[PUBLIC][..]], true, "does not speak TLS", false),
        (
            &wrong_name,
            &[&[PUBLIC]],
            true,
            "a certificate for other names",
            false,
        ),
    ] {
        let network = network(server, answers, through_proxy(tls, &[]), &trusted);
        let error = network.get("https://store.example/").await.unwrap_err();
        let told = match &error {
            SendError::Connect(connect) => connect.told().unwrap(),
            other => panic!("{cause}: {other}"),
        };
        let whose = "the proxy proxy.example:3128 opens no connection to store.example";
        assert!(told.contains(whose) && told.contains(cause), "{told}");
        let code = crate::egress::hooks::wasi_error(&error);
        let wanted = match again {
            true => wasmtime_wasi_http::Error::DestinationUnavailable,
            false => wasmtime_wasi_http::Error::ConfigurationError,
        };
        assert_eq!(format!("{code:?}"), format!("{wanted:?}"), "{cause}");
    }
}

#[tokio::test]
async fn a_certificates_time_authority_and_name_are_told_apart() {
    let (authority, stranger) = (Authority::new(), Authority::named("stranger"));
    let rekeyed = Authority::new();
    let cas = [trusting(&authority, &["store.example"])];
    let name = "store.example";
    for (server, cause, helps, of_time) in [
        (
            https_between(&authority, name, (2000, 2001)).await,
            "expired at 2001-01-01T00:00:00Z",
            "clock is wrong",
            true,
        ),
        (
            https_between(&authority, name, (4000, 4001)).await,
            "not valid before 4000-01-01T00:00:00Z",
            "clock is wrong",
            true,
        ),
        (
            https(&stranger, &[name]).await,
            "of an authority that",
            "`[[ca]]`",
            false,
        ),
        (
            https(&rekeyed, &[name]).await,
            "key did not sign it",
            "`[[ca]]`",
            false,
        ),
        (
            https(&authority, &["other.example"]).await,
            "other names",
            "another server",
            false,
        ),
    ] {
        let network = network(&server, &[&[PUBLIC]], Routes::default(), &cas);
        let error = network.get("https://store.example/").await.unwrap_err();
        let SendError::Connect(connect) = &error else {
            panic!("{cause}: {error}");
        };
        let told = connect.told().unwrap();
        assert!(told.contains(cause) && told.contains(helps), "{told}");
        assert_eq!(
            told.contains("this machine's clock says 2") && told.contains("(UTC)"),
            of_time,
            "{told}"
        );
        assert_eq!(told.contains("clock"), of_time, "{told}");
        let code = crate::egress::hooks::wasi_error(&error);
        assert!(matches!(
            code,
            wasmtime_wasi_http::Error::TlsCertificateError
        ));
    }
}
