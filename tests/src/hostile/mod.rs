//! Every attempt of the hostile extension: what stops it, what a user sees of it, and the control
//! that shows the test could have seen it succeed.
//!
//! It must not know how the host stops anything.

mod components;
mod destinations;
mod expected;
mod limits;
mod requests;
mod run;
mod texts;

pub use components::{Component, components, table as table_of_components};
pub use expected::{Attempt, Control, Stopped};

/// The file with the extension.
pub const HOSTILE: &str = "hostile_extension.wasm";

/// The rows, in the order of the table.
pub fn attempts() -> Vec<Attempt> {
    [
        destinations::rows(),
        requests::rows(),
        texts::rows(),
        limits::rows(),
    ]
    .concat()
}

/// Makes one attempt and its control.
pub async fn attempt(name: &str) {
    let row = attempts().into_iter().find(|row| row.name == name);
    let row = row.unwrap_or_else(|| panic!("tests/src/hostile has no row for {name}"));
    run::attempted(&row).await;
    run::control(&row).await;
}

/// The table of tests/README.md.
pub fn table() -> String {
    let mut table =
        String::from("| attempt | what stops it | what the user sees |\n|---|---|---|\n");
    for row in attempts() {
        let sees = match row.stopped {
            Stopped::Wasi => format!("the extension is told: {}", row.sees),
            Stopped::Harmless | Stopped::Veiled(_) => format!("the extension saw: {}", row.sees),
            _ => row.sees.to_owned(),
        };
        // Code, so that nothing in it is anything else in a README.
        table.push_str(&format!(
            "| `{}` | {} | `` {sees} `` |\n",
            row.name, row.stopped
        ));
    }
    table
}
