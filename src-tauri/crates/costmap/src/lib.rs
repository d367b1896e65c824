//! The LiteLLM cost map as data: parse it, check it, compare two of them. Pure: no I/O, no clock, no async.

pub mod changes;
pub mod finding;
pub mod revision;

pub use changes::{ChangeCounts, ChangeSet, FieldChange, Notice};
pub use finding::{CheckReport, Finding, Severity, Verdict};
pub use revision::{NotARevision, Revision};
