//! Components that are no extension, or one that no compiler makes. Those that run are core
//! modules as text, made into components by the contract.
//!
//! It must not know how a row is held to.

use crate::hostile::Stopped;
use extension_host::limits::Limits;
use extension_host::runner::Cause;
use std::path::Path;
use std::time::Duration;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// A component, and what must come of it.
pub struct Component {
    /// What it does.
    pub name: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
    /// What stops it: `None` where it is not even loaded.
    pub stopped: Option<Stopped>,
    /// A part of what a user sees.
    pub sees: &'static str,
    /// The limits that it runs under, where they are not the usual ones.
    pub limits: fn(&mut Limits),
}

/// The rows, in the order of the table.
pub fn components() -> Vec<Component> {
    let mut rows = not_loaded();
    rows.extend(running());
    rows
}

/// The table of tests/README.md.
pub fn table() -> String {
    let mut table =
        String::from("| component | what stops it | what the user sees |\n|---|---|---|\n");
    for row in components() {
        let stopped = row.stopped.map_or_else(
            || "it is not loaded".to_owned(),
            |stopped| stopped.to_string(),
        );
        table.push_str(&format!(
            "| `{}` | {stopped} | `` {} `` |\n",
            row.name, row.sees
        ));
    }
    table
}

fn not_loaded() -> Vec<Component> {
    let row = |name, bytes, sees| Component {
        name,
        bytes,
        stopped: None,
        sees,
        limits: |_| {},
    };
    let hostile = std::fs::read(crate::artifact(super::HOSTILE)).unwrap();
    let instances = "(core instance (instantiate $m))".repeat(33);
    let import = |name: &str| text(&format!("(component (import \"{name}\" (instance)))"));
    let export = |name: &str| {
        text(&format!(
            "(component (instance $i) (export \"{name}\" (instance $i)))"
        ))
    };
    vec![
        row(
            "empty_file",
            Vec::new(),
            "it is not a WebAssembly component",
        ),
        row(
            "script",
            b"#!/bin/sh\nexit 0\n".to_vec(),
            "it is not a WebAssembly component",
        ),
        row(
            "text_format",
            b"(component)".to_vec(),
            "it is not a WebAssembly component",
        ),
        row(
            "core_module",
            text("(module)"),
            "it is not a WebAssembly component",
        ),
        row(
            "cut_in_half",
            hostile[..hostile.len() / 2].to_vec(),
            "not a valid component",
        ),
        row(
            "too_large",
            vec![0; (16 << 20) + 1],
            "the component has 16777217 bytes, more than the 16777216 a component may have",
        ),
        row("exports_nothing", text("(component)"), "exports no job"),
        row(
            "exports_a_server",
            export("wasi:http/incoming-handler@0.2.12"),
            "exports `wasi:http/incoming-handler@0.2.12`, which the contract does not have",
        ),
        row(
            "exports_another_function",
            export("certstore:extension/inventory@0.1.0"),
            "does not fit the contract",
        ),
        row(
            "imports_files",
            import("wasi:filesystem/types@0.2.12"),
            "imports `wasi:filesystem/types@0.2.12`, which the contract does not have",
        ),
        row(
            "imports_the_environment",
            import("wasi:cli/environment@0.2.12"),
            "imports `wasi:cli/environment@0.2.12`, which the contract does not have",
        ),
        row(
            "imports_sockets",
            import("wasi:sockets/tcp@0.2.12"),
            "imports `wasi:sockets/tcp@0.2.12`, which the contract does not have",
        ),
        row(
            "imports_another_contract",
            import("certstore:extension/host@9.0.0"),
            "imports `certstore:extension/host@9.0.0`, which the contract does not have",
        ),
        row(
            "many_instances",
            text(&format!("(component (core module $m) {instances})")),
            "needs more than a job may have: The component transitively contains 33 core module instances, which exceeds the configured maximum of 32",
        ),
        row(
            "many_memories",
            text(&format!(
                "(component (core module $m (memory 1)) {})",
                "(core instance (instantiate $m))".repeat(3)
            )),
            "needs more than a job may have: The component transitively contains 3 Wasm linear memories, which exceeds the configured maximum of 2",
        ),
        row(
            "large_memory",
            core(&Core {
                memory: 2_000,
                ..Core::default()
            }),
            "memory has a minimum byte size of 131072000 which exceeds the limit of 0x4000000 bytes",
        ),
        row(
            "large_table",
            core(&Core {
                more: "(table 30000 funcref)",
                ..Core::default()
            }),
            "table index 0 has a minimum element size of 30000 which exceeds the limit of 20000",
        ),
    ]
}

fn running() -> Vec<Component> {
    let row = |name, stopped, core_of: Core, sees| Component {
        name,
        bytes: core(&core_of),
        stopped: Some(stopped),
        sees,
        limits: |limits| limits.cpu = Duration::from_millis(100),
    };
    let late = Stopped::Limit(Cause::Deadline);
    let more = |more| Core {
        more,
        ..Core::default()
    };
    let run = |run| Core {
        run,
        ..Core::default()
    };
    let realloc = |realloc| Core {
        more: "(import \"certstore:extension/host@0.1.0\" \"log\" (func $log (param i32 i32 i32)))",
        realloc,
        ..Core::default()
    };
    const CPU: &str = "more than the 100ms of CPU time a job may have";
    vec![
        row("does_nothing", Stopped::Harmless, Core::default(), ""),
        row(
            "start_spins",
            late,
            more("(func $spin (loop (br 0))) (start $spin)"),
            CPU,
        ),
        row(
            "start_traps",
            Stopped::Sandbox,
            more("(func $trap unreachable) (start $trap)"),
            "the extension could not be started",
        ),
        row("run_spins", late, run("(loop (br 0)) unreachable"), CPU),
        row(
            "grow_table",
            Stopped::Bounded,
            Core {
                more: "(table $t 1 funcref)",
                run: "(if (i32.ne (table.grow $t (ref.null func) (i32.const 30000)) (i32.const -1)) (then unreachable)) (i32.const 1024)",
                ..Core::default()
            },
            "",
        ),
        row(
            "result_out_of_bounds",
            Stopped::Sandbox,
            run("(i32.const -16)"),
            "the extension ended abnormally",
        ),
        row(
            "result_of_no_status",
            Stopped::Sandbox,
            run("(i32.store8 (i32.const 1024) (i32.const 9)) (i32.const 1024)"),
            "the extension ended abnormally",
        ),
        row(
            "message_out_of_bounds",
            Stopped::Sandbox,
            run("(i32.store (i32.const 1028) (i32.const 0x7ffffff0)) (i32.store (i32.const 1032) (i32.const 100)) (i32.const 1024)"),
            "the extension ended abnormally",
        ),
        row(
            "realloc_out_of_bounds",
            Stopped::Sandbox,
            realloc("(i32.const -16)"),
            "the extension ended abnormally",
        ),
        row(
            "call_while_it_is_given_its_input",
            Stopped::Sandbox,
            realloc("(call $log (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 4096)"),
            "the extension ended abnormally",
        ),
        row(
            "submission_after_the_end",
            Stopped::Sandbox,
            more(
                "(import \"certstore:extension/host@0.1.0\" \"submit-inventory\" (func $submit (param i32 i32 i32)))
                 (func (export \"cabi_post_certstore:extension/inventory@0.1.0#run\") (param i32)
                   (call $submit (i32.const 0) (i32.const 0) (i32.const 2048)))",
            ),
            "the extension ended abnormally",
        ),
        row(
            "spins_after_the_end",
            late,
            more(
                "(func (export \"cabi_post_certstore:extension/inventory@0.1.0#run\") (param i32)
                   (loop (br 0)))",
            ),
            CPU,
        ),
    ]
}

/// A component or module of its text.
fn text(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// The parts of a core module that does an inventory, by default a right one that submits nothing.
struct Core {
    /// Pages of 64 KiB.
    memory: u32,
    more: &'static str,
    realloc: &'static str,
    run: &'static str,
}

impl Default for Core {
    fn default() -> Self {
        Self {
            memory: 2,
            more: "",
            // Takes the next eight bytes as often as they are needed.
            realloc: "(global.get $next) (global.set $next (i32.add (global.get $next) (i32.and (i32.add (local.get 3) (i32.const 7)) (i32.const -8))))",
            // Where the memory is zero: Success, and an empty message.
            run: "(i32.const 1024)",
        }
    }
}

/// The component of a core module that does an inventory. Imports come before all else.
fn core(core: &Core) -> Vec<u8> {
    let Core {
        memory,
        more,
        realloc,
        run,
    } = core;
    let mut module = text(&format!(
        "(module {more}
           (memory (export \"memory\") {memory})
           (global $next (mut i32) (i32.const 4096))
           (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) {realloc})
           (func (export \"certstore:extension/inventory@0.1.0#run\")
             (param i32 i32 i64 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) {run}))"
    ));
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit).unwrap();
    let world = resolve
        .select_world(&[package], Some("inventory-extension"))
        .unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default()
        .module(&module)
        .and_then(|encoder| encoder.validate(true).encode())
        .unwrap()
}
