//! What whole-system tests are made of: the real LiteLLM proxy, a stand-in for the host of the map, real past maps, and
//! the real program in a home of its own. `cargo xtask setup` prepares what they need.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up should end at once, saying where")]

pub mod answer;
pub mod autosync;
pub mod broken;
pub mod http;
pub mod map_server;
pub mod maps;
pub mod model_server;
pub mod real_proxy;
pub mod stage;
pub mod turns;

pub use answer::Answer;
pub use autosync::{Autosync, Finished, Running};
pub use map_server::{Client, Hit, MapServer};
pub use model_server::ModelServer;
pub use real_proxy::{MASTER_KEY, ProxyOptions, RealProxy};
pub use stage::Stage;

/// Whether the long tests were asked for: `cargo xtask test --long`.
pub fn long() -> bool {
    std::env::var_os("AUTOSYNC_TEST_LONG").is_some()
}
