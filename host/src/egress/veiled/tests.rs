use super::super::attempt::{Attempt, JobIdentity};
use super::super::audit::{Audit, Record};
use super::super::body::BodyDeadlines;
use super::super::client::SendError;
use super::*;
use crate::veil::Kind;
use http::{Request, StatusCode};
use job_scope::{
    BodyTemplate, HeaderRule, PairTemplate, RuleTemplate, ValueTemplate, Variables, VeilTemplate,
};

const SECRET: &str = "sp-secret~1";
const TOKEN: &str = "eyJ0eXAi.eyJhdWQi.c2lnbmF0dXJl-_";

fn template(id: &'static str, url: &'static str, veil: VeilTemplate) -> RuleTemplate {
    RuleTemplate {
        id: id.into(),
        purpose: "".into(),
        method: job_scope::Method::Post,
        url: url.into(),
        query: vec![],
        headers: HeaderRule::default(),
        body: BodyTemplate::None,
        veil,
    }
}

/// A form for a token, the store it is for, and another one.
fn grants() -> Grants {
    let pair = |name: &'static str, value| PairTemplate {
        name: name.into(),
        value,
        optional: false,
    };
    let fixed = |text: &'static str| ValueTemplate::Fixed(text.into());
    let form = BodyTemplate::Form(vec![
        pair("grant_type", fixed("client_credentials")),
        pair("client_id", fixed("a")),
        pair("scope", fixed("b")),
        pair("client_secret", ValueTemplate::Opaque { max_length: 100 }),
    ]);
    let sign_in = RuleTemplate {
        body: form,
        ..template(
            "sign-in",
            "https://login.store.example/token",
            VeilTemplate::TokenForm("stores".into()),
        )
    };
    let rules = [
        sign_in,
        template(
            "store",
            "https://one.store.example/a",
            VeilTemplate::Bearer("stores".into()),
        ),
        template("other", "https://two.store.example/a", VeilTemplate::None),
    ];
    let ceiling = ["*.store.example".parse().unwrap()];
    let (grants, outside) =
        Grants::intersect(&rules, &ceiling, &[], &Variables::default(), &[]).unwrap();
    assert_eq!(outside, []);
    grants
}

/// A veil over the secret and a token of the job, and their placeholders.
fn covered(grants: &Grants) -> (Veiled, String, String) {
    let veil = Arc::new(JobVeil::new());
    let secret = veil.cover(Kind::Secret, SECRET).unwrap();
    let Issues::ForForm(audience, _) = grants.rules()[0].issues() else {
        panic!("the first rule brings no token");
    };
    let token = veil.cover(Kind::Token(audience), TOKEN).unwrap();
    let text = |placeholder: crate::veil::placeholder::Placeholder| placeholder.as_str().to_owned();
    (Veiled::new(veil), text(secret), text(token))
}

/// What leaves by a rule: its authorization, its body, and what is said of it.
fn leaves(
    rule: usize,
    path: &str,
    authorization: &str,
    body: &str,
) -> (String, String, Option<CredentialUse>) {
    let grants = grants();
    let (veiled, secret, token) = covered(&grants);
    let put = |text: &str| text.replace("SECRET", &secret).replace("TOKEN", &token);
    let (mut parts, ()) = Request::builder()
        .uri(put(&format!("https://a.example{path}")))
        .header("authorization", put(authorization))
        .body(())
        .unwrap()
        .into_parts();
    let body = Bytes::from(put(body));
    let filled = veiled.fill(&grants, &grants.rules()[rule], &mut parts, body);
    assert_eq!(parts.headers["accept-encoding"], "identity");
    let header = parts.headers["authorization"].to_str().unwrap().to_owned();
    let back = |text: &str| text.replace(&secret, "SECRET").replace(&token, "TOKEN");
    let body = String::from_utf8(filled.body.to_vec()).unwrap();
    (back(&header), back(&body), filled.used)
}

#[test]
fn real_values_go_where_they_belong_and_placeholders_that_do_not_leave_as_they_are() {
    const FORM: &str = "grant_type=client_credentials&client_id=a&scope=b&client_secret=";
    let form = |proof: &str| format!("{FORM}{proof}");
    let (sign_in, store, other) = (0, 1, 2);
    let bearer = "Bearer TOKEN";
    for (rule, path, header, body, real_header, real_body, used) in [
        (
            sign_in,
            "/",
            "none",
            form("SECRET"),
            "none",
            form("sp-secret%7E1"),
            "attached",
        ),
        (
            store,
            "/",
            bearer,
            String::new(),
            &format!("Bearer {TOKEN}"),
            String::new(),
            "attached",
        ),
        (
            store,
            "/",
            "none",
            "{}".to_owned(),
            "none",
            "{}".to_owned(),
            "",
        ),
        // Elsewhere.
        (
            other,
            "/",
            bearer,
            String::new(),
            bearer,
            String::new(),
            "misplaced",
        ),
        (
            sign_in,
            "/",
            bearer,
            form("x"),
            bearer,
            form("x"),
            "misplaced",
        ),
        (
            store,
            "/",
            "Bearer SECRET",
            String::new(),
            "Bearer SECRET",
            String::new(),
            "misplaced",
        ),
        (
            store,
            "/",
            "bearer TOKEN",
            String::new(),
            "bearer TOKEN",
            String::new(),
            "misplaced",
        ),
        (
            store,
            "/",
            "none",
            form("SECRET"),
            "none",
            form("SECRET"),
            "misplaced",
        ),
        (
            sign_in,
            "/",
            "none",
            form("TOKEN"),
            "none",
            form("TOKEN"),
            "misplaced",
        ),
        (
            store,
            "/?q=SECRET",
            "none",
            String::new(),
            "none",
            String::new(),
            "misplaced",
        ),
        (
            store,
            "/TOKEN",
            "none",
            String::new(),
            "none",
            String::new(),
            "misplaced",
        ),
        // Both.
        (
            store,
            "/",
            bearer,
            "{\"a\":\"SECRET\"}".to_owned(),
            &format!("Bearer {TOKEN}"),
            "{\"a\":\"SECRET\"}".to_owned(),
            "both",
        ),
        (
            sign_in,
            "/",
            "none",
            format!("{}&claims=TOKEN", form("SECRET")),
            "none",
            format!("{}&claims=TOKEN", form("sp-secret%7E1")),
            "both",
        ),
    ] {
        let found = leaves(rule, path, header, &body);
        let used = match used {
            "attached" => Some(CredentialUse::Attached),
            "misplaced" => Some(CredentialUse::Misplaced),
            "both" => Some(CredentialUse::AttachedAndMisplaced),
            _ => None,
        };
        let case = format!("{rule} {path} {header} {body}");
        assert_eq!(found, (real_header.to_owned(), real_body, used), "{case}");
    }
}

#[test]
fn a_form_that_gets_no_proof_says_why() {
    let grants = grants();
    let (veiled, secret, _) = covered(&grants);
    let form = |more: &str| {
        let form = "grant_type=client_credentials&client_id=a&scope=b&client_secret=";
        Bytes::from(format!("{form}{secret}{more}"))
    };
    for (more, unfilled, used) in [
        ("", None, CredentialUse::Attached),
        ("&scope=b", Some(FormError::Twice), CredentialUse::Misplaced),
        ("&x=y", Some(FormError::Unknown), CredentialUse::Misplaced),
    ] {
        let (mut parts, ()) = Request::new(()).into_parts();
        let filled = veiled.fill(&grants, &grants.rules()[0], &mut parts, form(more));
        assert_eq!(
            (filled.unfilled, filled.used),
            (unfilled, Some(used)),
            "{more}"
        );
    }
}

/// Records in memory.
#[derive(Default)]
struct Kept(std::sync::Mutex<Vec<Record>>);

impl Audit for Kept {
    fn record(&self, record: &Record) {
        self.0.lock().unwrap().push(record.clone());
    }
}

/// What an extension gets of an answer of the store that comes in pieces, and what is recorded.
struct Got {
    head: http::response::Parts,
    passed: Vec<u8>,
    /// How it ended, other than well.
    broken: Option<Error>,
    record: Record,
    withheld: u64,
}

async fn got(pieces: &[&str]) -> Got {
    got_with(&[], pieces).await
}

async fn got_with(headers: &[(&'static str, &'static str)], pieces: &[&str]) -> Got {
    let grants = grants();
    let (veiled, ..) = covered(&grants);
    let audit = Arc::new(Kept::default());
    let identity = JobIdentity {
        job: 1,
        attempt: String::new(),
        extension: String::new(),
    };
    let attempt = Attempt::begin(
        audit.clone(),
        crate::clock::Clock::system(),
        &identity,
        &http::Method::GET,
        String::new(),
        String::new(),
    );
    let deadlines = BodyDeadlines {
        between_bytes: std::time::Duration::from_secs(30),
        total: std::time::Duration::from_secs(120),
    };
    let frames = pieces
        .iter()
        .map(|piece| Bytes::copy_from_slice(piece.as_bytes()));
    let inner = Pieces(frames.collect()).boxed_unsync();
    let body = ResponseBody::new(inner, attempt, 1 << 20, Arc::default(), deadlines);
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
        .headers_mut()
        .insert("content-length", length.into());
    for (name, value) in headers {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(*name, value);
    }
    let rule = &grants.rules()[1];
    let (head, mut body) = veiled.answer(rule, response).await.unwrap().into_parts();
    let (mut passed, mut broken) = (Vec::new(), None);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => passed.extend_from_slice(&frame.into_data().unwrap()),
            Err(error) => broken = Some(error),
        }
    }
    drop(body);
    let record = audit.0.lock().unwrap().pop().unwrap();
    Got {
        head,
        passed,
        broken,
        record,
        withheld: veiled.withheld(),
    }
}

/// A body of pieces.
struct Pieces(std::collections::VecDeque<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = SendError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, SendError>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }
}

const WITHHELD: &str = "The host withheld this answer: it held a credential.";

#[tokio::test]
async fn an_answer_passes_as_it_is_but_for_its_length_which_may_become_another() {
    let long = "x".repeat(10_000);
    let got = got_with(&[("x-echo", "one")], &["{\"a\":", &long, "}"]).await;
    assert_eq!(got.passed, format!("{{\"a\":{long}}}").into_bytes());
    assert!(got.broken.is_none());
    assert_eq!(got.head.status, 403);
    assert_eq!(got.head.headers["x-echo"], "one");
    assert_eq!(got.head.headers.get("content-length"), None);
    assert_eq!((got.record.error, got.withheld), (None, 0));
}

#[tokio::test]
async fn a_find_before_anything_passed_leaves_a_fixed_text_and_nothing_else() {
    let behind = "x".repeat(10_000);
    // In one piece, in two, before the end and at it.
    let (one, two) = TOKEN.split_at(7);
    for pieces in [
        &["odd: ", TOKEN, &behind][..],
        &["odd: ", one, two],
        &[TOKEN],
    ] {
        let got = got(pieces).await;
        assert_eq!(String::from_utf8(got.passed).unwrap(), WITHHELD);
        assert!(got.broken.is_none());
        assert_eq!(got.head.status, 403);
        assert_eq!(got.head.headers.get("content-length"), None);
        let why = Some("withheld: it held a credential".to_owned());
        assert_eq!((got.record.error, got.withheld), (why, 1));
    }
}

#[tokio::test]
async fn a_find_behind_what_passed_breaks_the_answer_off() {
    let before = "x".repeat(20_000);
    for behind in ["", &before] {
        let got = got(&[&before, TOKEN, behind]).await;
        let broken = format!("{:?}", got.broken);
        assert!(broken.contains("held a credential"), "{broken}");
        assert!(!broken.contains(TOKEN), "{broken}");
        assert!(!got.passed.is_empty());
        assert!(got.passed.iter().all(|byte| *byte == b'x'));
        assert!(got.passed.len() <= before.len());
        let why = Some("withheld: it held a credential".to_owned());
        assert_eq!((got.record.error, got.withheld), (why, 1));
    }
}

#[tokio::test]
async fn an_answer_that_is_withheld_whole_still_says_when_to_ask_again() {
    for (name, value, why) in [
        ("content-encoding", "gzip", "its content is encoded"),
        (
            "transfer-encoding",
            "gzip, chunked",
            "its content is encoded",
        ),
        ("x-echo", TOKEN, "it held a credential"),
        ("date", TOKEN, "it held a credential"),
    ] {
        let headers = [("retry-after", "7"), ("set-cookie", "a=b"), (name, value)];
        let got = got_with(&headers, &["one"]).await;
        let text = format!("The host withheld this answer: {why}.");
        assert_eq!(String::from_utf8(got.passed).unwrap(), text);
        assert_eq!(got.head.status, 403);
        let mut names: Vec<_> = got.head.headers.keys().map(|name| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["content-type", "retry-after"], "{name}");
        assert_eq!(got.head.headers["retry-after"], "7");
        assert_eq!(got.record.error, Some(format!("withheld: {why}")));
    }
}
