use super::*;
use crate::egress::loopback::Answers;
use crate::egress::route::ConnectTo;

fn shared(answers: &[&[&'static str]], routes: Routes) -> Shared {
    Shared {
        trust: Trust::new(&[]).unwrap(),
        routes,
        dial: Box::new(Sockets),
        resolver: Box::new(Answers::new(answers)),
    }
}

fn host(name: &str) -> Host {
    Host::parse(name).unwrap()
}

#[tokio::test]
async fn inner_addresses_are_dropped_and_outer_ones_kept() {
    let shared = shared(&[&["10.0.0.1", "20.190.128.1"]], Routes::default());
    let found = shared
        .addresses(&host("store.example"), 443, IdentityEndpoint::Prohibited)
        .await
        .unwrap();
    assert_eq!(found, ["20.190.128.1:443".parse().unwrap()]);
}

#[tokio::test]
async fn a_name_with_only_inner_addresses_is_refused_and_says_why() {
    let shared = shared(&[&["127.0.0.1"]], Routes::default());
    let error = shared
        .addresses(&host("store.example"), 443, IdentityEndpoint::Prohibited)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("loopback"), "{error}");
}

#[tokio::test]
async fn an_address_literal_does_not_pass_the_filter_either() {
    let shared = shared(&[], Routes::default());
    for literal in ["127.0.0.1", "[::1]", "0x7f.1", "169.254.169.254"] {
        let error = shared
            .addresses(&host(literal), 443, IdentityEndpoint::Reachable)
            .await
            .unwrap_err();
        assert!(
            matches!(error, ConnectError::Prohibited { .. }),
            "{literal}: {error}"
        );
    }
}

#[tokio::test]
async fn the_identity_endpoint_is_reached_as_itself_and_never_through_a_name() {
    let shared = shared(&[&["169.254.169.254"]], Routes::default());
    let literal = host("169.254.169.254");
    let reachable = IdentityEndpoint::Reachable;
    let found = shared.addresses(&literal, 80, reachable).await.unwrap();
    assert_eq!(found, ["169.254.169.254:80".parse().unwrap()]);
    assert!(shared.addresses(&literal, 8080, reachable).await.is_err());
    let named = shared
        .addresses(&host("store.example"), 80, reachable)
        .await;
    assert!(matches!(named, Err(ConnectError::Prohibited { .. })));
}

#[tokio::test]
async fn the_identity_endpoint_is_an_inner_address_like_any_other_for_who_may_not_ask_it() {
    let shared = shared(&[], Routes::default());
    let literal = host("169.254.169.254");
    let found = shared
        .addresses(&literal, 80, IdentityEndpoint::Prohibited)
        .await;
    assert!(matches!(found, Err(ConnectError::Prohibited { .. })));
}

#[tokio::test]
async fn a_name_is_resolved_once_for_a_connection() {
    // A second question would be answered with loopback (DNS rebinding).
    let shared = shared(&[&["20.190.128.1"], &["127.0.0.1"]], Routes::default());
    let found = shared
        .addresses(&host("store.example"), 443, IdentityEndpoint::Prohibited)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].ip().to_string(), "20.190.128.1");
}

#[tokio::test]
async fn connect_to_goes_where_the_operator_said_without_resolving() {
    let connect_to = vec![ConnectTo {
        host: "*.store.example".parse().unwrap(),
        address: "127.0.0.1:4433".parse().unwrap(),
    }];
    let routes = Routes {
        connect_to,
        ..Routes::default()
    };
    let shared = shared(&[], routes);
    let found = shared
        .addresses(
            &host("one.store.example"),
            443,
            IdentityEndpoint::Prohibited,
        )
        .await
        .unwrap();
    assert_eq!(found, ["127.0.0.1:4433".parse().unwrap()]);
}

#[tokio::test]
async fn a_redirection_to_where_nothing_listens_names_the_address() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let routes = Routes {
        connect_to: vec![ConnectTo {
            host: "*.store.example".parse().unwrap(),
            address,
        }],
        ..Routes::default()
    };
    let shared = shared(&[], routes);
    let host = host("one.store.example");
    let addresses = shared.addresses(&host, 443, IdentityEndpoint::Prohibited);
    let error = shared.tcp(&host, addresses).await.unwrap_err().to_string();
    let wanted = format!("at {address}, where the policy leads to; is it running?");
    assert!(error.ends_with(&wanted), "{error}");
}

/// What never answers where the policy leads to is told like what refuses.
#[tokio::test(start_paused = true)]
async fn a_redirection_to_where_nothing_answers_names_the_address() {
    struct Silent;

    impl Dial for Silent {
        fn dial(
            &self,
            _: SocketAddr,
        ) -> Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>> {
            Box::pin(std::future::pending())
        }
    }

    let address = "192.0.2.1:443".parse().unwrap();
    let routes = Routes {
        connect_to: vec![ConnectTo {
            host: "*.store.example".parse().unwrap(),
            address,
        }],
        ..Routes::default()
    };
    let shared = Shared {
        dial: Box::new(Silent),
        ..shared(&[], routes)
    };
    let host = host("one.store.example");
    let addresses = shared.addresses(&host, 443, IdentityEndpoint::Prohibited);
    let error = shared.tcp(&host, addresses).await.unwrap_err().to_string();
    let wanted = format!("at {address}, where the policy leads to; is it running?");
    assert!(error.ends_with(&wanted), "{error}");
}
