//! A job's way out from the rule to the wire and back, over loopback: what a service that means to
//! can make of an answer, and what becomes of it.

use super::loopback::{Answers, Authority, Dialled, Server, going_away, https_between, https_with};
use super::*;
use crate::grant::Issues;
use crate::veil::Kind;
use job_scope::{
    BodyTemplate, HeaderRule, PairTemplate, RuleTemplate, ValueTemplate, Variables, VeilTemplate,
};
use tokio::runtime::Handle;

const PUBLIC: &str = "20.190.128.1";
const SECRET: &str = "sp-secret~1";
const TOKEN: &str = "eyJ0eXAi.eyJhdWQi.c2lnbmF0dXJl-_";
const NAME: &str = "one.store.example";

/// Records in memory.
#[derive(Default)]
struct Kept(Mutex<Vec<Record>>);

impl Audit for Kept {
    fn record(&self, record: &Record) {
        self.0.lock().unwrap().push(record.clone());
    }
}

fn template(id: &'static str, url: &'static str, veil: VeilTemplate) -> RuleTemplate {
    RuleTemplate {
        id: id.into(),
        purpose: "".into(),
        method: job_scope::Method::Get,
        url: url.into(),
        query: vec![],
        headers: HeaderRule::default(),
        body: BodyTemplate::None,
        veil,
    }
}

/// A form for a token, and what the token is for, at one server.
fn rules() -> Grants {
    let pair = |name: &'static str, value: ValueTemplate| PairTemplate {
        name: name.into(),
        value,
        optional: name == "claims",
    };
    let fixed = |text: &'static str| ValueTemplate::Fixed(text.into());
    let form = vec![
        pair("grant_type", fixed("client_credentials")),
        pair("client_id", fixed("a")),
        pair("scope", fixed("b")),
        pair("client_secret", ValueTemplate::Opaque { max_length: 100 }),
        pair("claims", ValueTemplate::Opaque { max_length: 100 }),
    ];
    let sign_in = RuleTemplate {
        method: job_scope::Method::Post,
        body: BodyTemplate::Form(form),
        ..template(
            "sign-in",
            "https://one.store.example/token",
            VeilTemplate::TokenForm("stores".into()),
        )
    };
    let store = template(
        "store",
        "https://one.store.example/a",
        VeilTemplate::Bearer("stores".into()),
    );
    let ceiling = ["*.store.example".parse().unwrap()];
    Grants::intersect(&[sign_in, store], &ceiling, &[], &Variables::default(), &[])
        .unwrap()
        .0
}

/// A job with a secret and a token, and the placeholders that its extension has.
struct Job {
    egress: Arc<JobEgress>,
    audit: Arc<Kept>,
    secret: String,
    token: String,
}

impl Job {
    fn against(server: &Server, authority: &Authority) -> Self {
        let cas = [AddedCa {
            hosts: vec!["*.store.example".parse().unwrap()],
            pem: authority.pem.clone(),
        }];
        let connector = Connector::dialling(
            Trust::new(&cas).unwrap(),
            Routes::default(),
            Box::new(Answers::new(&[&[PUBLIC], &[PUBLIC]])),
            Box::new(Dialled::all_to(server.address)),
        );
        let (grants, audit) = (rules(), Arc::new(Kept::default()));
        let veil = Arc::new(JobVeil::new());
        let secret = veil.cover(Kind::Secret, SECRET).unwrap();
        let Issues::ForForm(audience, _) = grants.rules()[0].issues() else {
            panic!("the first rule brings no token");
        };
        let token = veil.cover(Kind::Token(audience), TOKEN).unwrap();
        let identity = JobIdentity {
            job: 1,
            attempt: String::new(),
            extension: String::new(),
        };
        let egress = JobEgress::new(
            grants,
            Arc::new(Client::new(connector, Handle::current())),
            audit.clone(),
            identity,
            Clock::system(),
            Limits::default(),
            Some(veil),
        );
        Self {
            egress,
            audit,
            secret: secret.as_str().to_owned(),
            token: token.as_str().to_owned(),
        }
    }

    /// Sends a request, and gives the status and the body of its answer, or why there is none.
    async fn send(&self, request: Request<String>) -> Result<(u16, Bytes), Error> {
        let (parts, body) = request.into_parts();
        let body = http_body_util::Full::new(Bytes::from(body));
        let body = body.map_err(|never| match never {}).boxed_unsync();
        let begun = self.egress.begin(&parts);
        let options = RequestOptions::default();
        let response = self.egress.send(begun, parts, body, options).await?;
        let status = response.status().as_u16();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }

    async fn sign_in(&self) -> Result<(u16, Bytes), Error> {
        let form = format!(
            "grant_type=client_credentials&client_id=a&scope=b&client_secret={}",
            self.secret
        );
        let request = Request::post("https://one.store.example/token")
            .header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(form).unwrap()).await
    }

    async fn get(&self) -> Result<(u16, Bytes), Error> {
        let request = Request::get("https://one.store.example/a")
            .header("authorization", format!("Bearer {}", self.token));
        self.send(request.body(String::new()).unwrap()).await
    }

    fn records(&self) -> Vec<Record> {
        self.audit.0.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn what_a_server_says_as_it_goes_away_is_not_repeated() {
    let authority = Authority::new();
    let server = going_away(&authority, &[NAME], &format!("bad: {SECRET}")).await;
    let job = Job::against(&server, &authority);
    let error = job.sign_in().await.unwrap_err();
    let records = job.records();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].credential, Some(CredentialUse::Attached));
    let told = records[0].error.as_deref().unwrap();
    assert!(told.ends_with("http2 error"), "{told}");
    for text in [format!("{error:?} {error}"), format!("{records:?}")] {
        assert!(!text.contains(SECRET) && !text.contains("bad"), "{text}");
    }
}

#[tokio::test]
async fn a_certificate_that_names_a_credential_is_not_repeated() {
    let authority = Authority::new();
    let server = https_with(&authority, &["sp-secret~1.example"], b"").await;
    let job = Job::against(&server, &authority);
    let error = job.sign_in().await.unwrap_err();
    let records = format!("{error:?} {:?}", job.records());
    assert!(!records.contains(SECRET), "{records}");
    assert!(
        records.contains("withheld: it held a credential"),
        "{records}"
    );
}

#[tokio::test]
async fn what_is_compressed_for_its_transfer_is_withheld() {
    const GZIP: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\nconnection: close\r\n\r\n2\r\nzz\r\n0\r\n\r\n";
    const PIECES: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n2\r\nzz\r\n0\r\n\r\n";
    let text = "The host withheld this answer: its content is encoded.";
    for (answer, wanted) in [(GZIP, text), (PIECES, "zz")] {
        let authority = Authority::new();
        let server = https_with(&authority, &[NAME], answer).await;
        let job = Job::against(&server, &authority);
        let (status, body) = job.get().await.unwrap();
        assert_eq!((status, &*body), (200, wanted.as_bytes()));
        let error = job.records()[0].error.clone();
        let withheld = (wanted == text).then(|| "withheld: its content is encoded".to_owned());
        assert_eq!(error, withheld);
        let head = server.heads.lock().unwrap()[0].clone();
        assert!(head.contains("accept-encoding: identity\r\n"), "{head}");
        assert!(head.contains(&format!("Bearer {TOKEN}")), "{head}");
    }
}

/// An extension gets a code; why is the host's to say, until the host has answered after all.
#[tokio::test]
async fn what_keeps_a_request_away_is_kept_for_the_result() {
    let authority = Authority::new();
    let server = https_between(&authority, NAME, (2000, 2001)).await;
    let job = Job::against(&server, &authority);
    assert_eq!(job.egress.obstacle(), None);
    let error = job.get().await.unwrap_err();
    assert!(matches!(error, Error::TlsCertificateError), "{error:?}");
    let obstacle = job.egress.obstacle().unwrap();
    assert_eq!((&*obstacle.host, obstacle.refusal), (NAME, None));
    let told = obstacle.told.unwrap();
    let cause = job.records()[0].error.clone().unwrap();
    assert!(told.starts_with(&cause), "{told}");
    assert!(cause.contains("expired at 2001-01-01"), "{cause}");
}
