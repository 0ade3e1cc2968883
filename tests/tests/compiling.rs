//! Components that nobody vouched for: they are compiled by a process of its own, which ends at
//! its limits, and the host goes on.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use end_to_end::{akv, artifact, fixture};
use extension_host::engine::{Compiler, Engine, Extension, LoadError};
use extension_host::limits::{CompileLimits, Limits};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

fn component() -> Vec<u8> {
    std::fs::read(artifact("keyvault_extension.wasm")).unwrap()
}

fn compiler() -> Compiler {
    Compiler::new(artifact("akv"), ["component", "compile"])
}

fn shell(script: &str) -> Compiler {
    Compiler::new("/bin/sh", ["-c", script, "sh"])
}

fn engine(compile: CompileLimits, compiler: Compiler) -> Engine {
    let limits = Limits {
        compile,
        ..Limits::default()
    };
    let engine = Engine::new(&limits, 1, None).unwrap();
    engine.compiling_apart(compiler)
}

fn refusal(loaded: Result<Extension, LoadError>) -> String {
    match loaded.err().expect("it was loaded") {
        LoadError::NotCompiled(why) => why,
        other => panic!("{other}"),
    }
}

/// Unsigned LEB128, as the binary format writes numbers.
fn number(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id], &number(content.len())[..], content].concat()
}

/// A component of one module, whose functions of 1.8 MB each make a compiler work hard: each loads
/// hundreds of thousands of values, and keeps them all to its end.
fn bomb(functions: usize) -> Vec<u8> {
    const VALUES: usize = 300_000;
    // One local of i32; i32.const and i32.load for each value.
    let mut body = vec![1, 1, 0x7f];
    for at in 0..VALUES {
        let (address, offset) = (at % 64, at % 128);
        body.extend([0x41, u8::try_from(address).unwrap()]);
        body.extend([0x28, 2, u8::try_from(offset).unwrap()]);
    }
    // i32.xor over them all, and an i32.store of what comes out.
    body.extend(std::iter::repeat_n(0x73, VALUES - 1));
    body.extend([0x21, 0, 0x41, 0, 0x20, 0, 0x36, 2, 0, 0x0b]);
    let body = [number(body.len()), body].concat();
    let count = number(functions);
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    module.extend(section(1, &[1, 0x60, 0, 0]));
    module.extend(section(3, &[&count[..], &vec![0; functions]].concat()));
    module.extend(section(5, &[1, 0, 1]));
    module.extend(section(10, &[count, body.repeat(functions)].concat()));
    let mut component = b"\0asm\x0d\0\x01\0".to_vec();
    component.extend(section(1, &module));
    component
}

#[test]
fn what_the_process_makes_is_loaded() {
    let extension = engine(CompileLimits::default(), compiler())
        .load(&component(), None)
        .unwrap();
    let exports = extension.exports();
    assert!(exports.iter().any(|name| name.contains("inventory")));
}

#[test]
fn what_is_pinned_needs_no_process() {
    let engine = engine(
        CompileLimits::default(),
        Compiler::new("/nonexistent", [""; 0]),
    );
    let component = component();
    let why = refusal(engine.load(&component, None));
    assert!(why.contains("/nonexistent"), "{why}");
    let in_process = Engine::new(&Limits::default(), 1, None).unwrap();
    let digest = in_process
        .load(&component, None)
        .unwrap()
        .digest()
        .to_owned();
    assert_eq!(
        engine.load(&component, Some(&digest)).unwrap().digest(),
        digest
    );
}

#[test]
fn a_component_that_takes_too_much_cpu_time_is_refused_and_the_next_one_is_not() {
    let limits = CompileLimits {
        cpu: Duration::from_secs(4),
        ..CompileLimits::default()
    };
    let why = refusal(engine(limits, compiler()).load(&bomb(1), None));
    assert!(why.contains("4s of CPU time"), "{why}");
    let engine = engine(CompileLimits::default(), compiler());
    engine.load(&component(), None).unwrap();
}

#[test]
fn a_component_that_takes_too_much_memory_is_refused() {
    let bomb = bomb(8);
    assert!(bomb.len() as u64 <= Limits::default().component);
    let why = refusal(engine(CompileLimits::default(), compiler()).load(&bomb, None));
    assert!(why.contains("2048 MiB of memory"), "{why}");
}

#[test]
fn a_broken_component_is_refused_with_the_compilers_words() {
    let engine = engine(CompileLimits::default(), compiler());
    let why = refusal(engine.load(b"\0asm\x0d\0\x01\0\x01\x02", None));
    assert!(why.contains("out of bounds"), "{why}");
}

#[test]
fn a_process_that_is_late_is_ended() {
    let limits = CompileLimits {
        time: Duration::from_millis(50),
        ..CompileLimits::default()
    };
    let why = refusal(engine(limits, shell("exec sleep 600")).load(&component(), None));
    assert!(why.contains("not done within 50ms"), "{why}");
}

#[test]
fn what_is_no_artifact_is_not_loaded() {
    for script in [
        "cat >/dev/null; echo nonsense",
        "cat >/dev/null; head -c 4096 /dev/zero",
        "cat >/dev/null",
        "exit 0",
        "exec yes",
    ] {
        let engine = engine(
            CompileLimits {
                artifact: 1 << 20,
                ..CompileLimits::default()
            },
            shell(script),
        );
        refusal(engine.load(&component(), None));
    }
}

/// A descriptor that whoever started this process left open.
const INHERITED: &str = "7";

#[test]
fn the_process_gets_the_component_and_nothing_else() {
    let own = format!("/proc/self/fd/{INHERITED}");
    if !Path::new(&own).exists() {
        // Once more, with it.
        let script = format!("exec {INHERITED}</dev/null; exec \"$0\" --exact \"$1\"");
        let test = "the_process_gets_the_component_and_nothing_else";
        let this = std::env::current_exe().unwrap();
        let mut shell = Command::new("/bin/sh");
        let again = shell.args(["-c", &script]).arg(this).arg(test).status();
        assert!(again.unwrap().success());
        return;
    }
    let engine = engine(
        CompileLimits::default(),
        shell("cat | wc -c >&2; pwd >&2; env >&2; cd /proc/$$/fd; echo * >&2; exit 1"),
    );
    let component = component();
    let why = refusal(engine.load(&component, None));
    let words: Vec<&str> = why.split_whitespace().collect();
    assert_eq!(words[..2], [&component.len().to_string(), "/"], "{why}");
    for name in ["HOME", "PATH=/", "CARGO", "AZURE", "XDG"] {
        assert!(!words.iter().any(|word| word.starts_with(name)), "{why}");
    }
    assert!(words.contains(&"0") && !words.contains(&INHERITED), "{why}");
}

#[test]
fn the_process_cannot_take_its_limits_off() {
    let mut child = Command::new(artifact("akv"))
        .args(["component", "compile", "7,60,1073741824,67108864"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It confines itself before it reads what it is to compile; until then it waits for us.
    let limits = loop {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
        let files = row(&limits, "Max open files");
        if files == ["3", "3"] {
            break limits;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended: {limits}");
        std::thread::yield_now();
    };
    assert_eq!(row(&limits, "Max cpu time"), ["7", "8"]);
    assert_eq!(row(&limits, "Max file size"), ["0", "0"]);
    assert_eq!(row(&limits, "Max core file size"), ["0", "0"]);
    let [soft, hard] = row(&limits, "Max address space");
    assert_eq!(soft, hard);
    assert!(soft.parse::<u64>().unwrap() > 1 << 30);
    drop(child.stdin.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(!child.wait().unwrap().success());
    assert!(said.contains("unexpected end"), "{said}");
}

/// The soft and the hard limit of a row of `/proc/PID/limits`.
fn row<'a>(limits: &'a str, name: &str) -> [&'a str; 2] {
    let line = limits.lines().find_map(|line| line.strip_prefix(name));
    let mut words = line.unwrap().split_whitespace();
    [words.next().unwrap(), words.next().unwrap()]
}

#[test]
fn the_command_that_compiles_is_not_shown() {
    let help = akv(&["component", "--help"]).stdout;
    assert!(help.contains("inspect"), "{help}");
    assert!(!help.contains("compile"), "{help}");
}

#[test]
fn a_job_whose_component_cannot_be_compiled_is_a_failure_with_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.wasm");
    let mut bytes = component();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&broken, bytes).unwrap();
    let job = fixture("inventory-service-principal");
    let (job, broken) = (job.to_str().unwrap(), broken.to_str().unwrap());
    let ran = akv(&["run", "--job", job, "--component", broken]);
    assert_ne!(ran.code, 0);
    let result = ran.json();
    assert_eq!(result["Result"], 4, "{result}");
    assert_ne!(result["JobHistoryId"], 0, "{result}");
    let message = result["FailureMessage"].as_str().unwrap();
    assert!(message.contains("was not compiled"), "{message}");
}
