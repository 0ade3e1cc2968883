//! An Azure for tests: Entra ID, managed identities, Azure Resource Manager and Key Vault's certificates,
//! in one process.
//!
//! [`Emulator`] is a function from request to response, called directly by a headless test or put
//! behind a loopback port by [`Server`]. A [`Seed`] says what exists, a [`Clock`] says what time it is,
//! a [`Fault`] says what goes wrong, and every request leaves a [`RequestRecord`].
//!
//! Nothing in here may know the programs that are tested with it; it plays a service for whoever asks.

mod answer;
mod arm;
mod clock;
mod cloud;
mod control;
mod emulator;
mod entra;
mod fault;
mod identity;
mod log;
mod pki;
mod seed;
mod server;
mod state;
mod vault;

pub use clock::Clock;
pub use cloud::Cloud;
pub use emulator::{Disconnected, Emulator, StartError};
pub use entra::codes as entra_codes;
pub use fault::{Applied, DeliveredBody, Delivery, Effect, Fault, When, deliver};
pub use log::RequestRecord;
pub use pki::KeyKind;
pub use seed::{
    CertificatePermission, Network, SecretPermission, Seed, SeedError, ThrottlingShape,
};
pub use server::{Server, ServerError};
pub use state::StateError;
pub use vault::VaultControl;
