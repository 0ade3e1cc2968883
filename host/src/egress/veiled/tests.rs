use super::*;
use crate::veil::Kind;
use http::Request;
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
    let (body, used) = veiled.fill(&grants, &grants.rules()[rule], &mut parts, body);
    let header = parts.headers["authorization"].to_str().unwrap().to_owned();
    let back = |text: &str| text.replace(&secret, "SECRET").replace(&token, "TOKEN");
    let body = String::from_utf8(body.to_vec()).unwrap();
    (back(&header), back(&body), used)
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
            "misplaced",
        ),
    ] {
        let found = leaves(rule, path, header, &body);
        let used = match used {
            "attached" => Some(CredentialUse::Attached),
            "misplaced" => Some(CredentialUse::Misplaced),
            _ => None,
        };
        let case = format!("{rule} {path} {header} {body}");
        assert_eq!(found, (real_header.to_owned(), real_body, used), "{case}");
    }
}
