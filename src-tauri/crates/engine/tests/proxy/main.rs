//! The proxy client against what six versions of the real LiteLLM answered, and against what is no LiteLLM at all.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../border/mod.rs"]
mod border;
#[path = "../replay/mod.rs"]
mod replay;

mod hostile;
mod probe;
mod reads;
mod reload;
mod schedule;
