//! Compiling in a process of its own, for components that nobody has vouched for. A compiler
//! cannot be interrupted, and a component can be made to keep it busy for hours or to make it
//! fill the machine's memory: a process can be ended, and has limits.
//!
//! The other process gets the component on its standard input and nothing else: no
//! environment, no arguments of the job, no file but its three streams, and none that it could
//! open. It must not know what a component is for.

use super::codegen;
use crate::limits::CompileLimits;
use crate::text::message;
use rustix::io::FdFlags;
use rustix::process::{Resource, Rlimit, Signal};
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::{BorrowedFd, RawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;

/// Bytes of the hash in front of what the process writes.
const HASH: usize = 32;

/// Bytes of its complaint that are read.
const COMPLAINT: u64 = 4 << 10;

/// UTF-16 units of it that are told.
const SHOWN: usize = 1_000;

/// The first descriptor that is none of the three streams.
const BEYOND_STREAMS: RawFd = 3;

/// Threads that compile. Each costs address space for its stack and its memory arena.
const THREADS: &str = "4";

/// How a process is started that compiles a component: it is to call [`compile_here`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiler {
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl Compiler {
    /// A program and what it is called with. To that, the limits are added, in the form that
    /// [`CompileLimits`] reads.
    pub fn new(
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        Self {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
        }
    }

    /// Compiles a component there. The error says what happened to the process.
    pub(super) fn compile(
        &self,
        component: &[u8],
        limits: &CompileLimits,
    ) -> Result<Vec<u8>, String> {
        let mut command = Command::new(&self.program);
        inherit_nothing(&mut command).map_err(|error| error.to_string())?;
        let mut child = command
            .arg0("akv-compiler")
            .args(&self.arguments)
            .arg(limits.to_string())
            .env_clear()
            .env("RAYON_NUM_THREADS", THREADS)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", self.program.display()))?;
        let said = converse(&mut child, component, limits);
        // It has answered, or it is late: in both cases it is to be gone.
        let _ = child.kill();
        let status = child.wait().map_err(|error| error.to_string())?;
        let said = said?;
        if !status.success() && said.artifact.is_empty() {
            return Err(ending(status, &said.complaint, limits));
        }
        match said.artifact.split_at_checked(HASH) {
            Some((hash, artifact)) if Sha256::digest(artifact).as_slice() == hash => {
                Ok(artifact.to_vec())
            }
            _ => Err(ending(status, &said.complaint, limits)),
        }
    }
}

/// Keeps from a process what this one inherited from whoever started it, and so could not mark
/// when it was opened.
#[allow(unsafe_code)]
fn inherit_nothing(command: &mut Command) -> io::Result<()> {
    let mut open: Vec<RawFd> = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let number = entry?
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<RawFd>().ok());
        open.extend(number.filter(|number| *number >= BEYOND_STREAMS));
    }
    let mark = move || {
        for number in &open {
            // SAFETY: it is borrowed for one call, in a process that has one thread. One that was
            // closed since is no descriptor, which the call says.
            let descriptor = unsafe { BorrowedFd::borrow_raw(*number) };
            let _ = rustix::io::fcntl_setfd(descriptor, FdFlags::CLOEXEC);
        }
        Ok(())
    };
    // SAFETY: between fork and exec, it does nothing but system calls on numbers that are there.
    unsafe { command.pre_exec(mark) };
    Ok(())
}

struct Said {
    artifact: Vec<u8>,
    complaint: Vec<u8>,
}

/// Hands the component over and takes what comes back, for as long as the limits say.
fn converse(child: &mut Child, component: &[u8], limits: &CompileLimits) -> Result<Said, String> {
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err("its streams are missing".to_owned());
    };
    let (ended, answer) = mpsc::channel();
    let component = component.to_vec();
    let longest = limits.artifact.saturating_add(HASH as u64);
    std::thread::Builder::new()
        .name("compiler-input".to_owned())
        .spawn(move || stdin.write_all(&component))
        .map_err(|error| error.to_string())?;
    std::thread::Builder::new()
        .name("compiler-output".to_owned())
        .spawn(move || {
            let artifact = all(stdout, longest);
            let complaint = all(stderr, COMPLAINT);
            // Nobody waits any more: then nobody needs it.
            let _ = ended.send(Said {
                artifact,
                complaint,
            });
        })
        .map_err(|error| error.to_string())?;
    answer
        .recv_timeout(limits.time)
        .map_err(|_| format!("it was not done within {:?}", limits.time))
}

/// What a stream gives, up to a length. An error ends it, and is told by the exit status.
fn all(stream: impl Read, longest: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = stream.take(longest).read_to_end(&mut bytes);
    bytes
}

/// What an end without a result means.
fn ending(status: ExitStatus, complaint: &[u8], limits: &CompileLimits) -> String {
    let complaint = String::from_utf8_lossy(complaint);
    // It may name what stands in the component.
    let complaint = message(complaint.trim(), SHOWN);
    let said = |text: String| match complaint.as_str() {
        "" => text,
        complaint => format!("{text}: {complaint}"),
    };
    let signal = |signal: Signal| Some(signal.as_raw());
    match status.signal() {
        number if number == signal(Signal::XCPU) => format!(
            "it needs more than the {:?} of CPU time that compiling may take",
            limits.cpu
        ),
        number if number == signal(Signal::ABORT) || number == signal(Signal::SEGV) => {
            said(format!(
                "compiling it ended abnormally, as it does when it needs more than the {} MiB of memory it may have",
                limits.memory >> 20
            ))
        }
        Some(number) => said(format!("compiling it was ended by signal {number}")),
        None if complaint.is_empty() => format!("compiling it ended with {status}"),
        None => complaint,
    }
}

/// Compiles, in this process, the component on standard input, and writes the artifact to standard
/// output. From the start on it lives under `limits`, which it
/// cannot take off, so it is for a process that does nothing else.
///
/// # Errors
/// Why there is no artifact; the caller prints it to standard error.
pub fn compile_here(limits: &CompileLimits) -> Result<(), String> {
    let failed = |error: io::Error| error.to_string();
    let engine = wasmtime::Engine::new(&codegen()).map_err(|error| format!("{error:#}"))?;
    confine(limits).map_err(failed)?;
    let component = all(io::stdin(), limits.memory);
    let artifact = engine
        .precompile_component(&component)
        .map_err(|error| format!("{error:#}"))?;
    let mut out = io::stdout().lock();
    out.write_all(&Sha256::digest(&artifact)).map_err(failed)?;
    out.write_all(&artifact).map_err(failed)?;
    out.flush().map_err(failed)
}

/// Takes from this process what a compiler does not need.
fn confine(limits: &CompileLimits) -> io::Result<()> {
    // Of the address space that is in use now, nothing is the component's.
    let memory = limits.memory.saturating_add(address_space()?);
    let cpu = limits.cpu.as_secs().max(1);
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    set(Resource::Core, 0, 0)?;
    // One second later, in case the signal was caught.
    set(Resource::Cpu, cpu, cpu + 1)?;
    set(Resource::As, memory, memory)?;
    // Nothing grows, and nothing is opened: no file, no socket.
    set(Resource::Fsize, 0, 0)?;
    set(Resource::Nofile, 3, 3)
}

fn set(resource: Resource, current: u64, maximum: u64) -> io::Result<()> {
    let limit = Rlimit {
        current: Some(current),
        maximum: Some(maximum),
    };
    Ok(rustix::process::setrlimit(resource, limit)?)
}

/// Bytes of address space that this process has: `VmSize`, in KiB (proc(5)).
fn address_space() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let size = status
        .lines()
        .find_map(|line| line.strip_prefix("VmSize:"))
        .and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    let size = size.ok_or_else(|| io::Error::other("/proc/self/status does not say VmSize"))?;
    Ok(size << 10)
}
