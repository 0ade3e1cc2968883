//! What a job's store holds, and which host interfaces are linked to it: I/O, the two
//! clocks, HTTP and the contract's own. No other interface of WASI is ever linked.
//!
//! It must not know what the job is, nor where its requests and reports go.

use super::bindings::certstore::extension::host;
use super::imports::HostImports;
use super::inspect::AtCall;
use crate::clock::Clock;
use crate::limits::{Limits, MEMORIES};
use std::time::{Duration, SystemTime};
use wasmtime::ResourceLimiter;
use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime_wasi::WasiCtx;
use wasmtime_wasi::clocks::{HostMonotonicClock, HostWallClock, WasiClocks, WasiClocksCtxView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView};
use wasmtime_wasi_io::IoView;

/// The data of one job's store.
pub(super) struct JobState {
    pub(super) limiter: Limiter,
    pub(super) imports: HostImports,
    table: ResourceTable,
    /// Only its clocks are linked.
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Box<dyn WasiHttpHooks>,
    /// Of a test that looks on.
    at_call: Option<AtCall>,
}

impl JobState {
    pub(super) fn new(
        limits: &Limits,
        clock: Clock,
        imports: HostImports,
        hooks: Box<dyn WasiHttpHooks>,
        at_call: Option<AtCall>,
    ) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.resources);
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(limits.header_bytes);
        let wasi = WasiCtx::builder()
            .monotonic_clock(GuestClock(clock))
            .wall_clock(GuestClock(clock))
            .build();
        Self {
            limiter: Limiter::new(limits),
            imports,
            table,
            wasi,
            http,
            hooks,
            at_call,
        }
    }

    /// Every interface that is linked gets at the state by one of the views below, at each call.
    fn called(&self) {
        if let Some(at_call) = &self.at_call {
            at_call();
        }
    }
}

/// The store's limits. Memory and tables are counted over all instances together, and a
/// refusal is kept: a guest that is out of memory only traps, and the trap does not say why.
pub(super) struct Limiter {
    memory: Total,
    table: Total,
    instances: usize,
    pub(super) memory_refused: bool,
    pub(super) memory_peak: usize,
}

/// What all memories, or all tables, of a job have together.
struct Total {
    used: usize,
    most: usize,
}

impl Total {
    fn grow(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> bool {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        let allowed = used <= self.most && maximum.is_none_or(|maximum| desired <= maximum);
        if allowed {
            self.used = used;
        }
        allowed
    }
}

impl Limiter {
    fn new(limits: &Limits) -> Self {
        let total = |most| Total { used: 0, most };
        Self {
            memory: total(limits.memory),
            table: total(limits.table_elements),
            instances: usize::try_from(limits.instances).unwrap_or(usize::MAX),
            memory_refused: false,
            memory_peak: 0,
        }
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let allowed = self.memory.grow(current, desired, maximum);
        self.memory_refused = !allowed;
        self.memory_peak = self.memory_peak.max(self.memory.used);
        Ok(allowed)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.table.grow(current, desired, maximum))
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.instances
    }

    fn memories(&self) -> usize {
        usize::try_from(MEMORIES).unwrap_or(usize::MAX)
    }
}

struct GuestClock(Clock);

impl HostMonotonicClock for GuestClock {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

impl HostWallClock for GuestClock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        self.0
            .wall()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
    }
}

impl IoView for JobState {
    fn table(&mut self) -> &mut ResourceTable {
        self.called();
        &mut self.table
    }
}

impl WasiHttpView for JobState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.called();
        WasiHttpCtxView {
            hooks: self.hooks.as_mut(),
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

fn clocks(state: &mut JobState) -> WasiClocksCtxView<'_> {
    state.called();
    WasiClocksCtxView {
        ctx: state.wasi.clocks(),
        table: &mut state.table,
    }
}

/// A linker with what a component may import.
pub(super) fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<JobState>> {
    use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
    let mut linker = Linker::new(engine);
    wasmtime_wasi_io::add_to_linker_async(&mut linker)?;
    monotonic_clock::add_to_linker::<JobState, WasiClocks>(&mut linker, clocks)?;
    wall_clock::add_to_linker::<JobState, WasiClocks>(&mut linker, clocks)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    host::add_to_linker::<JobState, HasSelf<HostImports>>(&mut linker, |state| {
        state.called();
        &mut state.imports
    })?;
    Ok(linker)
}
