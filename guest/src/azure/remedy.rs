//! The sentences of a failed call, for the person who reads the job's history: the
//! cause first, then what to do.
//!
//! It must not know a job; and nothing that is not already in its arguments.
//!
//! | part | what it is about |
//! |---|---|
//! | `token` | there is no token |
//! | `service` | the service refused |
//! | `forbidden` | it refused with 403 |
//! | `claims` | it asks for a token with other claims |
//! | `rights` | the rights that allow an action |
//! | `tenant` | the token was of another tenant |
//! | `transport` | there was no answer |

mod claims;
mod forbidden;
mod rights;
mod service;
mod tenant;
mod token;
mod transport;

use super::action::Call;
use super::paging::LinkRefusal;
use super::retry::GiveUp;

pub use claims::claims_hint;
pub use forbidden::KEPT_BY_THE_MACHINE;
pub use service::{pending, service};
pub use tenant::tenant_hint;
pub use token::token;
pub use transport::transport;

/// Why there was no further attempt.
pub fn given_up(attempts: u32, why: GiveUp) -> String {
    let tries = match attempts {
        1 => "1 attempt".to_owned(),
        more => format!("{more} attempts"),
    };
    match why {
        GiveUp::NoTime => format!("{tries}; the job's time limit comes before the next one"),
        GiveUp::Uncertain => format!("{tries}; it may have taken effect all the same"),
        GiveUp::Attempts | GiveUp::Permanent | GiveUp::Held => tries,
    }
}

/// The answer makes no sense.
pub fn unreadable(problem: &str, call: &Call, request_id: Option<&str>) -> String {
    let Call { action, server } = call;
    format!(
        "could not {action}: {server} answered with something that cannot be read: {problem}{}; \
         something between the job and {server} may have answered: check the proxy; where there \
         is none, {}",
        shown(request_id),
        support(request_id)
    )
}

/// A list that leads elsewhere, or nowhere.
pub fn link(refusal: &LinkRefusal, request_id: Option<&str>) -> String {
    let advice = match refusal {
        LinkRefusal::Elsewhere(_) => {
            "something between the job and the service may have changed the list: check the proxy; \
             where there is none, "
        }
        LinkRefusal::Repeated => "run the job again; if it happens again, ",
        LinkRefusal::TooMany => "no list of the service is that long; ",
    };
    format!(
        "{}{}; nothing was sent there; {advice}{}",
        link_briefly(refusal),
        shown(request_id),
        support(request_id)
    )
}

/// The same without ids and advice.
pub fn link_briefly(refusal: &LinkRefusal) -> String {
    format!("could not read the whole list: {refusal}")
}

/// As a refusal shows it.
fn shown(request_id: Option<&str>) -> String {
    match request_id {
        Some(id) => format!(" (request id {id})"),
        None => String::new(),
    }
}

/// For what nobody but the service's people can mend.
fn support(request_id: Option<&str>) -> &'static str {
    match request_id {
        Some(_) => "quote the request id to Microsoft's support",
        None => "ask Microsoft's support",
    }
}

#[cfg(test)]
mod tests;
