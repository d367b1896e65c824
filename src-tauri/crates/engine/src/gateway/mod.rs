//! The gateway: a small HTTP server that hands the promoted map to proxies, so that none can load what was not promoted.
//!
//! Each proxy has a path of its own, so who reads it is known without guessing. What is sent is one whole promoted map as
//! the ledger has it, or nothing: an answer without a map is 503, never an empty one.

mod address;
mod board;
mod server;

pub use address::{FILE, GatewayAddress};
pub use board::Reader;
pub(crate) use board::Board;
pub(crate) use server::{Listening, listen};
