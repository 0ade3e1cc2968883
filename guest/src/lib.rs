//! The Azure Key Vault job logic, as a WASI component.
//!
//! The job logic lives in [`job`] and [`azure`], which compile and are tested natively,
//! without wasm. Only `component` and `wasi` know the contract's generated types.

pub mod allocator;
pub mod azure;
pub mod clock;
pub mod contract;
pub mod env;
pub mod host;
pub mod http;
pub mod job;
pub mod panic;
pub mod pfx;
pub mod secrets;
pub mod tags;
pub mod text;

#[cfg(test)]
mod testing;

#[cfg(target_arch = "wasm32")]
mod wasi;

#[cfg(target_arch = "wasm32")]
mod bindings {
    #![allow(unsafe_code, unreachable_pub)] // Generated: the canonical ABI is raw memory.

    use crate::component::Extension;

    wit_bindgen::generate!({
        path: "../wit",
        world: "extension",
        generate_all,
    });
    export!(Extension);
}

#[cfg(target_arch = "wasm32")]
mod component;
