//! What runs below a process: the web view has processes of its own.

use std::collections::HashMap;

/// The names of all processes below `pid`.
pub(crate) fn below(pid: u32) -> Vec<String> {
    let mut children: HashMap<u32, Vec<(u32, String)>> = HashMap::new();
    for entry in std::fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let Ok(id) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        // `pid (name) state parent …`; a name may hold blanks and brackets.
        let Some((head, tail)) = stat.rsplit_once(") ") else { continue };
        let name = head.split_once('(').map(|(_, name)| name.to_owned()).unwrap_or_default();
        let mut fields = tail.split(' ');
        let (state, parent) = (fields.next(), fields.next().and_then(|parent| parent.parse().ok()));
        if let (Some(parent), false) = (parent, state == Some("Z")) {
            children.entry(parent).or_default().push((id, name));
        }
    }
    let (mut found, mut next) = (Vec::new(), vec![pid]);
    while let Some(parent) = next.pop() {
        for (id, name) in children.get(&parent).into_iter().flatten() {
            found.push(name.clone());
            next.push(*id);
        }
    }
    found
}

/// Whether a web view lives below `pid`.
pub(crate) fn has_webview(pid: u32) -> bool {
    below(pid).iter().any(|name| name.starts_with("WebKitWeb"))
}
