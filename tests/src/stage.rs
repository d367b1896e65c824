//! A real proxy and the upstream it reads, shared by the tests of one binary: a start takes 8 to 20 s and 300 MB.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::{Autosync, MapServer, ProxyOptions, RealProxy, maps};

/// A proxy that holds an older real map, an upstream that serves the same, and nothing scheduled.
pub struct Stage {
    /// The proxy.
    pub proxy: RealProxy,
    /// Where it reads its map.
    pub upstream: MapServer,
    /// The proxy's release.
    pub version: String,
    /// The map that it holds at the start of each test.
    pub old: Vec<u8>,
    /// A newer real map that is not served yet.
    pub new: Vec<u8>,
}

impl Stage {
    /// Starts one for a test alone.
    pub fn start(version: &str, options: impl FnOnce(ProxyOptions) -> ProxyOptions) -> Self {
        let old = maps::load(maps::held_by(version));
        let upstream = MapServer::start(&old);
        let proxy = RealProxy::start(&options(ProxyOptions::new(version, &upstream.url())));
        let new = maps::load(maps::newer_than(version));
        Self { proxy, upstream, version: version.into(), old, new }
    }

    /// The one of this version that tests share, one after the other, set back to its beginning.
    pub fn shared(version: &'static str) -> MutexGuard<'static, Self> {
        type Stages = Mutex<HashMap<&'static str, &'static Mutex<Stage>>>;
        static STAGES: OnceLock<Stages> = OnceLock::new();
        let stage = *STAGES
            .get_or_init(Mutex::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(version)
            // Lives until the process ends, and then the proxy ends with it.
            .or_insert_with(|| Box::leak(Box::new(Mutex::new(Self::start(version, |options| options)))));
        let stage = stage.lock().unwrap_or_else(PoisonError::into_inner);
        stage.set_back();
        stage
    }

    /// Serves the old map again, has the proxy take it, and clears its schedule.
    pub fn set_back(&self) {
        self.upstream.serve(&self.old);
        self.proxy.delete("/schedule/model_cost_map_reload");
        let reply = self.proxy.post("/reload/model_cost_map");
        assert_eq!(reply.status, 200, "{}\n{}", String::from_utf8_lossy(&reply.body), self.proxy.log());
        self.upstream.forget_hits();
    }

    /// A home that knows this proxy as `local` and this upstream as its source.
    pub fn autosync(&self) -> Autosync {
        self.autosync_with_key(&self.proxy.key)
    }

    /// The same with another key.
    pub fn autosync_with_key(&self, key: &str) -> Autosync {
        Autosync::knowing(&self.upstream.url(), &self.proxy.url, key)
    }
}
