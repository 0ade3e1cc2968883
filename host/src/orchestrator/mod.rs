//! Keyfactor's side: its job JSON in, its result JSON out. Names and numbers are the
//! platform's, as its public samples and quickstarts show them.
//!
//! It must not know how a job is run.

mod item;
mod job;
mod result;

pub use item::{Item, ItemStatus, Parameter};
pub use job::{
    Certificate, Contents, Format, Job, JobError, JobLine, Known, LONGEST_LINE, LastInventory,
    LineError, Parsed, Store, Task, ToRemove, each_once, parse, parse_line,
};
pub use result::{JobResult, List, write_result};
