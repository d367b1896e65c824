//! What `cargo xtask` is made of. The system tests use [`cache`], [`python`] and [`workspace`] too, so that they look
//! for the proxy's Python environments and the real past maps where the commands put them.

pub mod bench;
mod browser;
pub mod cache;
pub mod channel;
pub mod command;
pub mod cross;
pub mod demo;
pub mod failure;
pub mod fuzz;
pub mod icons;
pub mod maps;
pub mod newest;
mod older;
pub mod package;
pub mod phases;
mod plan;
pub mod python;
mod releases;
pub mod rules;
pub mod run;
pub mod say;
pub mod setup;
pub mod suite;
pub mod ui;
pub mod versions;
pub mod workspace;

pub use failure::{Failure, Result};
