//! What the commands do, one file for each screen.
#![expect(clippy::unused_async, reason = "the table of commands awaits each of them alike")]

mod actions;
pub(crate) mod changes;
pub(crate) mod doctor;
mod history;
mod models;
pub(crate) mod overlay;
mod pin;
mod proxies;
mod review;
mod settings;
mod update;
mod webhooks;
