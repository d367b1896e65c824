//! The engine behind the tray, the dashboard and the terminal: it fetches the cost map, checks it, has proxies take it,
//! proves that they did, and records all of it. ARCHITECTURE.md says how the parts fit.

pub mod alerts;
pub mod backups;
pub mod clock;
pub mod controller;
pub mod diagnosis;
pub mod doctor;
pub mod door;
pub mod error;
pub mod gate;
pub mod gateway;
pub mod home;
pub mod ledger;
pub mod local_file;
pub mod log;
pub mod net;
pub mod overlay;
pub mod pin;
pub mod proxy;
pub mod publish;
pub mod review;
pub mod run;
pub mod schedule;
pub mod secrets;
pub mod settings;
pub mod signals;
pub mod source;
pub mod status;
pub mod sync;
pub mod transfer;
pub mod usage;
pub mod verify;
pub mod webhooks;

pub use clock::Clock;
pub use controller::Engine;
pub use error::{Error, ErrorCode, Result};
