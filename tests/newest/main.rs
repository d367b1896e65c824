//! `cargo xtask newest` starts this: the map of a newer LiteLLM release against that of an older one, and its proxy: what it
//! answers otherwise, and whether it takes its own map and is proved to.
#![expect(clippy::print_stdout, reason = "it is there to be read")]

use std::collections::BTreeMap;
use std::process::ExitCode;

use reqwest::Method;
use serde_json::Value;
use system_tests::{Autosync, MapServer, ProxyOptions, RealProxy, maps};

/// What this program asks a proxy, and what is about the cost map. Each may change nothing but the map, which is the same.
const ASKED: [(Method, &str); 10] = [
    (Method::GET, "/public/model_hub/info"),
    (Method::GET, "/health/liveliness"),
    (Method::GET, "/health/readiness"),
    (Method::GET, "/v1/models"),
    (Method::GET, "/v1/model/info"),
    (Method::GET, "/model/cost_map/source"),
    (Method::GET, "/public/litellm_model_cost_map"),
    (Method::GET, "/public/litellm_model_cost_map?catalog_only=true"),
    (Method::GET, "/schedule/model_cost_map_reload/status"),
    (Method::POST, "/reload/model_cost_map"),
];

/// An object with more members is a table of models: its members are looked at as one.
const TABLE: usize = 60;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (Some(since), Some(newest)) = (args.next(), args.next()) else {
        println!("usage: newest SINCE NEWEST, two LiteLLM releases; `cargo xtask newest` gives them");
        return ExitCode::FAILURE;
    };
    let (Ok(old_file), Ok(new_file)) = (xtask::cache::map_file(&since), xtask::cache::map_file(&newest)) else {
        println!("there is no folder to keep the maps of {since} and {newest} in");
        return ExitCode::FAILURE;
    };
    let autosync = Autosync::new();
    println!("\nThe map of {newest}, checked against that of {since}");
    let (old_file, new_file) = (old_file.to_string_lossy(), new_file.to_string_lossy());
    let checked = show(&autosync, &["check", &new_file, "--against", &old_file], 60);
    println!("\nWhat differs");
    show(&autosync, &["diff", &old_file, &new_file], 3);

    println!("\nThe proxies of {since} and {newest} start, both with the map of {since}");
    let upstream = MapServer::start(&maps::load(&since));
    let older = RealProxy::start(&ProxyOptions::new(&since, &upstream.url()));
    let answers: Vec<Shape> = ASKED.iter().map(|(method, path)| shape(&older, method, path)).collect();
    drop(older);
    let proxy = RealProxy::start(&ProxyOptions::new(&newest, &upstream.url()));
    let mut same = 0;
    for ((method, path), before) in ASKED.iter().zip(&answers) {
        let now = shape(&proxy, method, path);
        let lines = differences(before, &now);
        same += usize::from(lines.is_empty());
        for line in lines {
            println!("   {method} {path}: {line}");
        }
    }
    println!("   {same} of {} answers have the form that they had", ASKED.len());

    println!("\nThe upstream moves on to the map of {newest}, and its proxy is synced");
    upstream.serve(&maps::load(&newest));
    let autosync = Autosync::knowing(&upstream.url(), &proxy.url, &proxy.key);
    let synced = show(&autosync, &["sync"], 60);
    show(&autosync, &["status"], 60);
    if checked && synced {
        println!("\nLiteLLM {newest}: its map is not held, and its proxy is proved to have it.");
        return ExitCode::SUCCESS;
    }
    println!("\nLiteLLM {newest} is NOT served as it should be: see above.");
    ExitCode::FAILURE
}

/// Runs a command and shows the first lines of what it says.
fn show(autosync: &Autosync, args: &[&str], lines: usize) -> bool {
    let finished = autosync.run(args);
    for line in finished.stdout.lines().chain(finished.stderr.lines()).take(lines) {
        println!("   {line}");
    }
    finished.code == Some(0)
}

/// Where in an answer which types stand.
type Shape = BTreeMap<String, String>;

fn shape(proxy: &RealProxy, method: &Method, path: &str) -> Shape {
    let reply = if *method == Method::POST { proxy.post(path) } else { proxy.get(path) };
    let mut shape = Shape::from([("HTTP".to_owned(), reply.status.to_string())]);
    look(&reply.json(), String::new(), &mut shape);
    shape
}

fn look(value: &Value, path: String, shape: &mut Shape) {
    let kind = match value {
        // A value that is there only sometimes, or is null sometimes, is the same form.
        Value::Null => return,
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(items) => return items.iter().for_each(|item| look(item, format!("{path}[]"), shape)),
        Value::Object(members) => {
            let is_table = members.len() > TABLE;
            for (name, member) in members {
                let name = if is_table { "*" } else { name };
                look(member, if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }, shape);
            }
            return;
        }
    };
    let known = shape.entry(path).or_default();
    if !known.split(", ").any(|one| one == kind) {
        let mut kinds: Vec<&str> = known.split(", ").filter(|one| !one.is_empty()).chain([kind]).collect();
        kinds.sort_unstable();
        *known = kinds.join(", ");
    }
}

fn differences(before: &Shape, now: &Shape) -> Vec<String> {
    let mut lines = Vec::new();
    for (path, kind) in now {
        match before.get(path) {
            None => lines.push(format!("{path} is new ({kind})")),
            Some(old) if old != kind => lines.push(format!("{path} was {old} and is {kind}")),
            Some(_) => {}
        }
    }
    lines.extend(before.keys().filter(|path| !now.contains_key(*path)).map(|path| format!("{path} is gone")));
    lines
}
