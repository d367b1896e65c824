//! The desktop's side of a toast: a notification daemon that keeps what it is told, and clicks.
#![expect(clippy::used_underscore_binding, reason = "the code that zbus makes names what a test does not look at")]

use std::collections::HashMap;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use zbus::blocking::{Connection, connection};
use zbus::zvariant::OwnedValue;

use crate::WITHIN;

/// A toast that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Toast {
    id: u32,
    /// Who sent it.
    pub(crate) app: String,
    /// Its first line.
    pub(crate) title: String,
    /// The rest.
    pub(crate) body: String,
    /// What it can do, ids and labels in turn.
    pub(crate) actions: Vec<String>,
}

/// The daemon.
pub(crate) struct Notifications {
    connection: Connection,
    arrived: Receiver<Toast>,
}

struct Server {
    last: u32,
    tell: Sender<Toast>,
}

#[expect(clippy::unused_self, reason = "the protocol has more in it than a test looks at, and zbus wants methods")]
#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Server {
    fn get_capabilities(&self) -> Vec<String> {
        ["actions", "body", "body-markup"].map(str::to_owned).to_vec()
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        let text = str::to_owned;
        (text("system-tests"), text("LiteLLM Auto-Sync"), text("1"), text("1.2"))
    }

    #[expect(clippy::too_many_arguments, reason = "the protocol has them")]
    fn notify(
        &mut self,
        app: String,
        _replaces: u32,
        _icon: String,
        title: String,
        body: String,
        actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _timeout: i32,
    ) -> u32 {
        self.last += 1;
        drop(self.tell.send(Toast { id: self.last, app, title, body, actions }));
        self.last
    }

    fn close_notification(&self, _id: u32) {}
}

impl Notifications {
    pub(crate) fn start(bus: &str) -> Self {
        let (tell, arrived) = mpsc::channel();
        let connection = connection::Builder::address(bus)
            .unwrap()
            .serve_at("/org/freedesktop/Notifications", Server { last: 0, tell })
            .unwrap()
            .name("org.freedesktop.Notifications")
            .unwrap()
            .build()
            .unwrap();
        Self { connection, arrived }
    }

    /// The next toast. Which models of a real map retire soon is for the calendar to say: those toasts have tests where the
    /// day is chosen.
    pub(crate) fn next(&self) -> Toast {
        self.within(WITHIN).expect("a toast arrives")
    }

    /// Whether none arrives for so long.
    pub(crate) fn is_quiet(&self, time: Duration) -> bool {
        self.within(time).is_none()
    }

    fn within(&self, time: Duration) -> Option<Toast> {
        let end = Instant::now() + time;
        loop {
            let toast = self.arrived.recv_timeout(end.saturating_duration_since(Instant::now())).ok()?;
            if !toast.title.contains("retire") {
                return Some(toast);
            }
        }
    }

    /// Clicks a toast.
    pub(crate) fn click(&self, toast: &Toast) {
        let path = "/org/freedesktop/Notifications";
        let interface = "org.freedesktop.Notifications";
        self.connection.emit_signal(None::<&str>, path, interface, "ActionInvoked", &(toast.id, "default")).unwrap();
    }
}
