//! Certificates made in the vault: create, the pending operation, cancel, merge.
//!
//! Must not know who is asking. Source: "Azure REST: Certificates - Create Certificate", "Get
//! Certificate Operation", "Merge Certificate", "Create and merge a certificate signing request"
//! (wire 2.6; statuses and headers: 6, number 6).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Call;
use super::certificate::{Certificate, Leaf, Life, Pending, Status, Version};
use super::change::{GivenAttributes, Tags, body, check_tags, keep_age};
use super::error::{Parallel, RSA_SIZES, Refusal};
use super::import::OTHER_KEY;
use super::policy::{Policy, SELF, UNKNOWN};
use super::renew::{kind_of, validity, with_wish};
use super::show;
use super::store::Slot;
use crate::answer;
use crate::pki::{Der, Facts, KeyKind, request as signing_request, same_key};

/// How long the service asks a client to wait between two looks, in seconds.
const RETRY_AFTER: &str = "10";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    policy: Option<Policy>,
    attributes: Option<GivenAttributes>,
    tags: Option<Tags>,
    #[serde(rename = "preserveCertOrder")]
    preserve_order: Option<bool>,
}

fn bad(text: &str) -> Refusal {
    Refusal::BadParameter(text.to_owned())
}

pub(super) fn create(call: &Call<'_>, name: &str) -> Result<Response<Bytes>, Refusal> {
    let request: Request = body(call)?;
    check_tags(request.tags.as_ref())?;
    let sent = match request.policy.clone() {
        Some(policy) => policy,
        None => call
            .find(name)?
            .filter(|c| c.is_live())
            .map(|c| c.policy.clone())
            .ok_or_else(|| bad("The parameter policy is not specified."))?,
    };
    sent.check(call.vault.spec().sku)?;
    let mut policy = Policy::created(&sent, call.seconds());
    let kind = check_created(call, &policy)?;
    let answer = call.replace(name, |found| {
        let prior = call.room_for_version(name, found)?;
        keep_age(&mut policy, prior.as_ref());
        let shown = prior.as_ref().map_or(name, |c| c.name.as_str()).to_owned();
        let (version, pending) = start(call, &shown, &request, &policy, kind)?;
        let answer = show::pending(call.vault, &shown, &pending);
        let mut certificate = prior.unwrap_or(Certificate {
            name: shown,
            versions: Vec::new(),
            policy: Policy::default(),
            pending: None,
            life: Life::Live,
        });
        certificate.versions.push(Arc::new(version));
        certificate.policy = policy;
        certificate.pending = Some(pending);
        Ok((Slot::Kept(Arc::new(certificate)), answer))
    })?;
    let text = |key: &str| answer.get(key).and_then(Value::as_str).unwrap_or_default();
    let location = format!(
        "{}?api-version={}&request_id={}",
        text("id"),
        call.api_version,
        text("request_id")
    );
    let mut response = answer::json(StatusCode::ACCEPTED, &Value::Object(answer));
    answer::set(&mut response, "location", &location);
    answer::set(&mut response, "retry-after", RETRY_AFTER);
    Ok(response)
}

fn check_created(call: &Call<'_>, policy: &Policy) -> Result<KeyKind, Refusal> {
    let x509 = policy.x509_props.clone().unwrap_or_default();
    let sans = x509.sans.unwrap_or_default();
    let any = [&sans.emails, &sans.dns_names, &sans.upns]
        .iter()
        .any(|list| list.as_ref().is_some_and(|l| !l.is_empty()));
    if x509.subject.as_deref().is_none_or(str::is_empty) && !any {
        return Err(bad(
            "Property policy.x509_props has invalid value. A subject or a subject alternative name is required\r\n",
        ));
    }
    let issuer = policy.issuer_name();
    if issuer != SELF && issuer != UNKNOWN {
        let lower = issuer.to_ascii_lowercase();
        if !call
            .vault
            .with_side(|side| side.issuers.contains_key(&lower))
        {
            return Err(Refusal::NoIssuer);
        }
    }
    let key = policy.key_props.clone().unwrap_or_default();
    match (kind_of(policy), key.key_size) {
        (Some(kind), _) => Ok(kind),
        (None, Some(size)) => Err(Refusal::KeySizeNotSupported(size, RSA_SIZES)),
        (None, None) => Err(bad("Property policy.key_props has invalid value\r\n")),
    }
}

/// The version to come, and the operation that makes it.
fn start(
    call: &Call<'_>,
    name: &str,
    request: &Request,
    policy: &Policy,
    kind: KeyKind,
) -> Result<(Version, Pending), Refusal> {
    let now = call.seconds();
    let id = call.vault.new_id(name, call.now);
    let (not_before, not_after) = validity(policy, now);
    let version = Version {
        key: call.vault.course().new_key(kind, name, &id),
        id,
        leaf: None,
        leaf_place: 0,
        chain: Vec::new(),
        exportable: policy.exportable(),
        content_type: policy.content_type().unwrap_or_default().to_owned(),
        enabled: false,
        not_before,
        not_after,
        created: now,
        updated: now,
        tags: request.tags.clone(),
        preserve_order: request.preserve_order,
        made_here: true,
    };
    let csr = with_wish(policy, &version, |wish| signing_request(&version.key, wish))
        .map_err(Refusal::broken)?;
    let issuer = policy.issuer_name().to_owned();
    let until = (issuer != UNKNOWN).then(|| call.later(call.vault.common.timing.create_seconds));
    let pending = Pending {
        request_id: call.vault.new_id(name, call.now),
        issuer,
        csr,
        version: version.id.clone(),
        status: Status::InProgress { until },
        cancellation_requested: false,
        enabled: request.attributes.and_then(|a| a.enabled).unwrap_or(true),
    };
    Ok((version, pending))
}

/// `GET /certificates/{name}/pending`.
pub(super) fn get(call: &Call<'_>, name: &str) -> Result<Response<Bytes>, Refusal> {
    let certificate = call.find(name)?.filter(|c| c.is_live());
    let missing = || Refusal::NoPending(name.to_owned());
    let certificate = certificate.ok_or_else(missing)?;
    let pending = certificate.pending.as_ref().ok_or_else(missing)?;
    let shown = show::pending(call.vault, &certificate.name, pending);
    let mut response = answer::json(StatusCode::OK, &Value::Object(shown));
    if matches!(pending.status, Status::InProgress { .. }) {
        answer::set(&mut response, "retry-after", RETRY_AFTER);
    }
    Ok(response)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cancellation {
    cancellation_requested: bool,
}

/// `PATCH /certificates/{name}/pending`.
pub(super) fn cancel(call: &Call<'_>, name: &str) -> Result<Value, Refusal> {
    let asked: Cancellation = body(call)?;
    with_pending(call, name, |certificate, mut pending| {
        if asked.cancellation_requested && matches!(pending.status, Status::InProgress { .. }) {
            pending.cancellation_requested = true;
            pending.status = Status::InProgress {
                until: Some(call.later(call.vault.common.timing.create_seconds)),
            };
        }
        let shown = show::pending(call.vault, &certificate.name, &pending);
        certificate.pending = Some(pending);
        Ok(shown)
    })
}

/// `DELETE /certificates/{name}/pending`.
pub(super) fn delete(call: &Call<'_>, name: &str) -> Result<Value, Refusal> {
    with_pending(call, name, |certificate, pending| {
        Ok(show::pending(call.vault, &certificate.name, &pending))
    })
}

/// Takes the operation out of its certificate; `act` puts it back where it stays.
fn with_pending(
    call: &Call<'_>,
    name: &str,
    act: impl FnOnce(&mut Certificate, Pending) -> Result<Map<String, Value>, Refusal>,
) -> Result<Value, Refusal> {
    call.change(name, |certificate| {
        let pending = certificate.pending.take();
        act(
            certificate,
            pending.ok_or(Refusal::NoPending(name.to_owned()))?,
        )
    })
    .map(Value::Object)
    .map_err(|refusal| match refusal {
        Refusal::NotFound(name) => Refusal::NoPending(name),
        other => other,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Merge {
    x5c: Vec<String>,
    attributes: Option<GivenAttributes>,
    tags: Option<Tags>,
}

/// `POST /certificates/{name}/pending/merge`.
pub(super) fn merge(call: &Call<'_>, name: &str) -> Result<Response<Bytes>, Refusal> {
    let asked: Merge = body(call)?;
    check_tags(asked.tags.as_ref())?;
    let mut chain = asked
        .x5c
        .iter()
        .map(|text| certificate(text).ok_or_else(|| bad("Property x5c has invalid value\r\n")))
        .collect::<Result<Vec<_>, _>>()?;
    let mut base = String::new();
    let shown = with_pending(call, name, |certificate, mut pending| {
        if !matches!(pending.status, Status::InProgress { .. }) || pending.cancellation_requested {
            return Err(Refusal::Parallel(Parallel::MergingPending, name.to_owned()));
        }
        let version = certificate
            .version(&pending.version)
            .ok_or_else(|| Refusal::broken("a pending version is gone"))?;
        let mut version = Version::clone(version);
        let bits = version.key.public_bits().unwrap_or_default();
        let belongs = |der: &Der| Facts::read(der).ok().filter(|f| same_key(f, &bits));
        let place = chain.iter().position(|der| belongs(der).is_some());
        let leaf = chain.remove(place.ok_or_else(|| bad(OTHER_KEY))?);
        let facts = Facts::read(&leaf).map_err(Refusal::broken)?;
        version.not_before = facts.not_before;
        version.not_after = facts.not_after;
        version.leaf = Some(Leaf::from(leaf));
        version.chain = chain;
        version.created = call.seconds();
        version.updated = version.created;
        version.enabled = asked
            .attributes
            .and_then(|a| a.enabled)
            .unwrap_or(pending.enabled);
        if asked.tags.is_some() {
            version.tags = asked.tags;
        }
        pending.status = Status::Completed;
        certificate.pending = Some(pending);
        certificate.replace(version);
        base = format!(
            "https://{}/certificates/{}",
            call.vault.host, certificate.name
        );
        show::current(call.vault, certificate)
    })?;
    let mut response = answer::json(StatusCode::CREATED, &shown);
    let location = format!("{base}?api-version={}", call.api_version);
    answer::set(&mut response, "location", &location);
    Ok(response)
}

/// A certificate in base64. Python's SDK hands base64 on as if it were DER, and recordings show that
/// the service takes that too.
fn certificate(text: &str) -> Option<Der> {
    let once = STANDARD.decode(text).ok()?;
    let der = STANDARD.decode(&once).unwrap_or(once);
    let der = Der::new(der);
    Facts::read(&der).is_ok().then_some(der)
}
