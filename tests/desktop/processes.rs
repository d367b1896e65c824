//! What runs below a process: the web view has processes of its own.

use std::collections::HashMap;

/// All processes below `pid`, with their names.
pub(crate) fn below(pid: u32) -> Vec<(u32, String)> {
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
            found.push((*id, name.clone()));
            next.push(*id);
        }
    }
    found
}

/// Whether a web view lives below `pid`.
pub(crate) fn has_webview(pid: u32) -> bool {
    below(pid).iter().any(|(_, name)| name.starts_with("WebKitWeb"))
}

/// Whether a process still runs.
pub(crate) fn is_there(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn tree(pid: u32) -> impl Iterator<Item = u32> {
    std::iter::once(pid).chain(below(pid).into_iter().map(|(id, _)| id))
}

/// The memory of the whole tree in MiB, what is shared counted in part (PSS).
pub(crate) fn pss(pid: u32) -> f64 {
    tree(pid).map(pss_of).sum::<f64>()
}

/// The same for each process of the tree, with its name.
pub(crate) fn each(pid: u32) -> Vec<(String, f64)> {
    let own = std::iter::once((pid, "the app itself".to_owned()));
    own.chain(below(pid)).map(|(id, name)| (name, pss_of(id))).collect()
}

fn pss_of(pid: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1024.0
}

/// Processor time of the whole tree, in hundredths of a second.
pub(crate) fn ticks(pid: u32) -> u64 {
    tree(pid).flat_map(|id| [stat(id, 13), stat(id, 14)]).sum()
}

/// When a process was started, in milliseconds since 1970, to 10 ms.
pub(crate) fn started_at(pid: u32) -> f64 {
    let kernel = std::fs::read_to_string("/proc/stat").unwrap();
    let booted = kernel.lines().find_map(|line| line.strip_prefix("btime ")).unwrap();
    // `btime` has whole seconds only; the time since the start of the system is finer.
    let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
    let uptime: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
    let now = engine::Clock::system().now().timestamp_micros() as f64 / 1e6;
    assert!((now - uptime - booted.parse::<f64>().unwrap()).abs() < 5.0, "the clock was set");
    (now - uptime) * 1000.0 + stat(pid, 21) as f64 * 10.0
}

/// A field of `/proc/PID/stat`, the pid being the first with 0.
fn stat(pid: u32, field: usize) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let tail = text.rsplit_once(") ").map(|(_, tail)| tail.to_owned()).unwrap_or_default();
    tail.split(' ').nth(field - 2).and_then(|text| text.parse().ok()).unwrap_or_default()
}
