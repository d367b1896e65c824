//! The LiteLLM cost map as data: parse it, check it, compare two of them. Pure: no I/O, no clock, no async.

pub mod changes;
pub mod check;
pub mod compose;
pub mod diff;
pub mod field;
pub mod finding;
mod known;
pub mod leaf;
pub mod live;
pub mod malformed;
pub mod map;
mod notice;
pub mod number;
pub mod path;
pub mod people;
pub mod revision;
mod scan;
mod text;
pub mod versions;

pub use changes::{ChangeCounts, ChangeSet, FieldChange, Notice};
pub use check::{ProxyVersionFacts, RULES, Rule, check, check_bytes, check_compatibility, held_models};
pub use compose::compose;
pub use diff::{diff, diff_from_live};
pub use field::{FieldClass, Unit};
pub use finding::{CheckReport, Finding, Severity, Verdict};
pub use leaf::{Leaf, Path};
pub use live::{LiveComparison, compare_live};
pub use malformed::{MAX_DEPTH, Malformed, MalformedKind};
pub use map::{CostMap, Entry, LeafKind, RESERVED_KEYS, Unread};
pub use number::{Number, plain};
pub use path::{PathId, Step};
pub use revision::{NotARevision, Revision};
