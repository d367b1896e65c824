//! The panel's side of a tray: the watcher where items register, and the reader of an item's menu.
#![expect(clippy::used_underscore_binding, reason = "the code that zbus makes names what a test does not look at")]

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Instant;

use zbus::blocking::{Connection, Proxy, connection};
use zbus::message::Header;
use zbus::zvariant::{OwnedValue, Structure, Value};

use crate::{WITHIN, until};

/// Where items register (freedesktop: StatusNotifierWatcher).
pub(crate) struct Panel {
    connection: Connection,
    registered: Receiver<(String, Instant)>,
    /// Whose items were told already, by their name on the bus.
    told: RefCell<HashSet<String>>,
}

struct Watcher {
    items: Vec<String>,
    tell: Sender<(String, Instant)>,
}

#[expect(
    clippy::unused_self,
    clippy::needless_pass_by_value,
    reason = "the protocol has more in it than a test looks at, and zbus wants methods"
)]
#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&mut self, service: &str, #[zbus(header)] header: Header<'_>) {
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        let item = if service.starts_with('/') {
            format!("{sender}{service}")
        } else {
            format!("{service}/StatusNotifierItem")
        };
        self.items.push(item.clone());
        drop(self.tell.send((item, Instant::now())));
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.items.clone()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

/// What is answered for an object that is not there.
const UNKNOWN: &str = "org.freedesktop.DBus.Error.UnknownMethod";

/// What is answered for a program that has ended over the question.
const ENDED: &str = "org.freedesktop.DBus.Error.NoReply";

/// A menu on the wire: its id, its properties, what lies below.
type Node = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

/// One line of a menu.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    id: i32,
    /// Its text; a rule has none.
    pub(crate) label: String,
    /// Grey lines cannot be clicked.
    pub(crate) is_enabled: bool,
}

/// A tray item that has registered.
pub(crate) struct Item {
    connection: Connection,
    name: String,
    path: String,
    /// When it registered.
    pub(crate) at: Instant,
}

impl Panel {
    pub(crate) fn start(bus: &str) -> Self {
        let (tell, registered) = mpsc::channel();
        let connection = connection::Builder::address(bus)
            .unwrap()
            .serve_at("/StatusNotifierWatcher", Watcher { items: Vec::new(), tell })
            .unwrap()
            .name("org.kde.StatusNotifierWatcher")
            .unwrap()
            .build()
            .unwrap();
        Self { connection, registered, told: RefCell::default() }
    }

    /// Counts, from now on, how often a menu tells that it has another layout.
    pub(crate) fn layouts(&self) -> Receiver<Instant> {
        let rule = zbus::MatchRule::builder().msg_type(zbus::message::Type::Signal);
        let rule = rule.interface("com.canonical.dbusmenu").unwrap().member("LayoutUpdated").unwrap().build();
        let signals = zbus::blocking::MessageIterator::for_match_rule(rule, &self.connection, None).unwrap();
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            for _ in signals {
                if tell.send(Instant::now()).is_err() {
                    break;
                }
            }
        });
        told
    }

    /// The item of the next program that registers one. An item may register twice; what that leaves behind is not
    /// taken for the next program's, also while the bus does not know yet that the first one has ended.
    pub(crate) fn item(&self) -> Item {
        loop {
            let (item, at) = self.registered.recv_timeout(WITHIN).expect("a tray item registers");
            let (name, path) = item.split_once('/').unwrap();
            if self.told.borrow_mut().insert(name.to_owned()) && self.is_alive(name) {
                let (name, path) = (name.to_owned(), format!("/{path}"));
                return Item { connection: self.connection.clone(), name, path, at };
            }
        }
    }

    fn is_alive(&self, name: &str) -> bool {
        let bus = zbus::blocking::fdo::DBusProxy::new(&self.connection).unwrap();
        bus.name_has_owner(name.try_into().unwrap()).unwrap()
    }
}

impl Item {
    fn menu_proxy(&self) -> Proxy<'_> {
        let item = Proxy::new(&self.connection, &*self.name, &*self.path, "org.kde.StatusNotifierItem").unwrap();
        let path: zbus::zvariant::OwnedObjectPath = item.get_property("Menu").unwrap();
        Proxy::new(&self.connection, self.name.clone(), path, "com.canonical.dbusmenu").unwrap()
    }

    /// The whole menu, from above.
    pub(crate) fn menu(&self) -> Vec<Line> {
        let menu = self.menu_proxy();
        drop(menu.call::<_, _, bool>("AboutToShow", &0_i32));
        let layout: zbus::Result<(u32, Node)> = menu.call("GetLayout", &(0_i32, -1_i32, Vec::<String>::new()));
        let (_, (_, _, children)) = match layout {
            Ok(layout) => layout,
            // The tray library puts the item on the bus before its menu; a panel shows none until then.
            Err(zbus::Error::MethodError(name, ..)) if name == UNKNOWN => return Vec::new(),
            Err(error) => panic!("{error}"),
        };
        let mut lines = Vec::new();
        for child in &children {
            walk(child, &mut lines);
        }
        lines
    }

    /// The texts of the menu.
    pub(crate) fn labels(&self) -> Vec<String> {
        self.menu().into_iter().map(|line| line.label).filter(|label| !label.is_empty()).collect()
    }

    /// The texts of the menu, once this is among them: as a whole, or as a part where it ends with `…`.
    pub(crate) fn labels_with(&self, wanted: &str) -> Vec<String> {
        let is_it = |label: &String| wanted.strip_suffix('…').map_or(label == wanted, |part| label.contains(part));
        until(&format!("\"{wanted}\" in the menu"), || Some(self.labels()).filter(|labels| labels.iter().any(is_it)))
    }

    /// Clicks the item with this text, once it is there: a menu follows its state a moment later. It may be drawn anew
    /// between the look and the click, and then does not know the line any more.
    pub(crate) fn click(&self, label: &str) {
        let clickable = |line: &Line| line.label == label && line.is_enabled;
        let at = u32::try_from(WITHIN.as_secs()).unwrap();
        until(&format!("the menu item \"{label}\""), || {
            let line = self.menu().into_iter().find(|line| clickable(line))?;
            match self.menu_proxy().call::<_, _, ()>("Event", &(line.id, "clicked", Value::from(0_i32), at)) {
                Err(zbus::Error::MethodError(name, ..)) if name == ENDED => Some(()),
                told => told.ok(),
            }
        });
    }
}

fn walk(node: &OwnedValue, lines: &mut Vec<Line>) {
    let Ok(node) = node.downcast_ref::<Structure<'_>>() else { return };
    let [Value::I32(id), Value::Dict(properties), Value::Array(children)] = node.fields() else { return };
    let label = properties.get::<_, String>(&"label").ok().flatten().unwrap_or_default().replace('_', "");
    let is_enabled = properties.get::<_, bool>(&"enabled").ok().flatten().unwrap_or(true);
    lines.push(Line { id: *id, label, is_enabled });
    for child in children.iter() {
        if let Value::Value(child) = child
            && let Ok(child) = OwnedValue::try_from((**child).try_clone().unwrap())
        {
            walk(&child, lines);
        }
    }
}
