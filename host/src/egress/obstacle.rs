//! What keeps the requests of a job from a host, as far as its extension cannot see it: of a
//! connection that is not made an extension gets a code, and neither the proxy that refused it nor
//! this machine's time.
//!
//! It must not know what becomes of the job.

use super::client::SendError;
use http::Uri;
use std::sync::{Mutex, PoisonError};

/// Hosts of which one is kept. A job asks a handful; what a hostile one asks is not kept all.
const MOST: usize = 16;

/// What kept a request from its host, the last time that it was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The host, with its port where it is not the scheme's own.
    pub host: String,
    /// Cause and remedy, where an extension gets no more than a code for them.
    pub told: Option<String>,
    /// What refused, where that may be for what an environment says and a policy does not.
    pub refusal: Option<Refusal>,
}

/// What other programs get past with what their environment says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The name has no address here, although no name has: none was reached.
    NoName,
    /// Nothing answers, or a connection is ended before it is one.
    NoConnection,
    /// The server's certificate is of an authority that is not trusted.
    UnknownAuthority,
}

/// The obstacles that stand: nothing came from their hosts since.
#[derive(Debug, Default)]
pub(super) struct Obstacles(Mutex<Standing>);

#[derive(Debug, Default)]
struct Standing {
    obstacles: Vec<Obstacle>,
    /// Whether a name was reached.
    any_name: bool,
}

impl Obstacles {
    /// Takes down that a request was not answered. `told` is what may be said of it.
    pub(super) fn failed(&self, uri: &Uri, error: &SendError, told: Option<String>) {
        let SendError::Connect(error) = error else {
            return;
        };
        let Some(host) = host(uri) else { return };
        let mut standing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        standing.obstacles.retain(|known| known.host != host);
        if standing.obstacles.len() < MOST {
            standing.obstacles.push(Obstacle {
                host,
                told,
                refusal: error.refusal(),
            });
        }
    }

    /// Takes down that one was.
    pub(super) fn answered(&self, uri: &Uri) {
        let mut standing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let host = host(uri);
        standing
            .obstacles
            .retain(|known| Some(&known.host) != host.as_ref());
        standing.any_name |= uri.scheme_str() == Some("https");
    }

    /// The last one that stands and says something.
    pub(super) fn last(&self) -> Option<Obstacle> {
        let standing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let any_name = standing.any_name;
        let of_the_network = |refusal: &Refusal| *refusal != Refusal::NoName || !any_name;
        standing.obstacles.iter().rev().find_map(|obstacle| {
            let refusal = obstacle.refusal.filter(of_the_network);
            let says = obstacle.told.is_some() || refusal.is_some();
            says.then(|| Obstacle {
                refusal,
                ..obstacle.clone()
            })
        })
    }
}

fn host(uri: &Uri) -> Option<String> {
    uri.authority().map(|authority| authority.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::ConnectError;

    fn uri(host: &str) -> Uri {
        format!("https://{host}/a").parse().unwrap()
    }

    fn unresolved(host: &str) -> SendError {
        SendError::Connect(ConnectError::Unresolved(host.to_owned()))
    }

    fn timeout(host: &str) -> SendError {
        SendError::Connect(ConnectError::Timeout(host.to_owned()))
    }

    fn last(obstacles: &Obstacles) -> Option<(String, Option<Refusal>)> {
        let last = obstacles.last();
        last.map(|obstacle| (obstacle.host, obstacle.refusal))
    }

    #[test]
    fn the_last_obstacle_stands_until_its_own_host_answers() {
        let obstacles = Obstacles::default();
        assert_eq!(last(&obstacles), None);
        obstacles.failed(&uri("a.example"), &timeout("a"), None);
        obstacles.failed(&uri("b.example"), &timeout("b"), None);
        obstacles.answered(&uri("c.example"));
        let stands = |host: &str| Some((host.to_owned(), Some(Refusal::NoConnection)));
        assert_eq!(last(&obstacles), stands("b.example"));
        obstacles.answered(&uri("b.example"));
        assert_eq!(last(&obstacles), stands("a.example"));
        obstacles.answered(&uri("a.example"));
        assert_eq!(last(&obstacles), None);
    }

    /// One name that is not there, where others are, is a vault that does not exist.
    #[test]
    fn a_name_that_is_not_there_is_the_networks_where_none_is() {
        let obstacles = Obstacles::default();
        obstacles.failed(&uri("a.example"), &unresolved("a"), None);
        let stands = Some(("a.example".to_owned(), Some(Refusal::NoName)));
        assert_eq!(last(&obstacles), stands);
        obstacles.answered(&uri("b.example"));
        assert_eq!(last(&obstacles), None);
    }

    #[test]
    fn no_more_hosts_are_kept_than_a_job_asks() {
        let obstacles = Obstacles::default();
        for number in 0..1_000 {
            let host = format!("n{number}.example");
            obstacles.failed(&uri(&host), &timeout(&host), None);
        }
        assert_eq!(obstacles.0.lock().unwrap().obstacles.len(), MOST);
    }
}
