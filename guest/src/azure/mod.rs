//! The Azure protocols that the jobs speak, one file per idea: values to values where
//! that is possible, and thin shells that send.
//!
//! Nothing here may know a job, the contract's types beyond
//! [`crate::contract::Failure`] and its secrets, or how HTTP and time are done.
//!
//! | file | what it knows |
//! |---|---|
//! | [`action`] | what a call is for, and whom it is asked of |
//! | [`calls`] | one logical call: attempts, gate, deadline |
//! | [`retry`], [`server_delay`] | whether and when to try again |
//! | [`request_id`] | ids and jitter out of the attempt id |
//! | [`audience`], [`entra`], [`identity_endpoint`], [`token`], [`tokens`] | asking for a token, and keeping it |
//! | [`service`] | a token on every request |
//! | [`challenge`] | what a 401 says |
//! | [`vault`] | the certificates of one vault |
//! | [`arm`] | subscriptions, groups and vaults, as resources |
//! | [`paging`] | which next link may be followed |
//! | [`issuers`] | the issuers of a certificate, out of its managed secret |
//! | [`certificate`], [`current`], [`thumbprint`], [`key_kind`] | what a certificate looks like on the wire |
//! | [`import`] | what is sent to import one |
//! | [`refusal`] | what a service's error body says |
//! | [`discretion`] | what of it may be shown |
//! | [`error`], [`remedy`] | why a call failed, and what to do, for people |

pub mod action;
pub mod arm;
pub mod audience;
pub mod calls;
pub mod certificate;
pub mod challenge;
pub mod current;
pub mod deny_assignment;
pub mod discretion;
pub mod entra;
pub mod error;
pub mod identity_endpoint;
pub mod import;
pub mod issuers;
pub mod key_kind;
pub mod paging;
pub mod refusal;
pub mod remedy;
pub mod request_id;
pub mod retry;
pub mod server_delay;
pub mod service;
pub mod thumbprint;
pub mod token;
pub mod tokens;
pub mod vault;
