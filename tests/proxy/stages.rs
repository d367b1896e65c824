//! Promotion by stages on genuine proxies of three versions: a map goes to testing first and to production last, a proxy
//! that dies midway stops it, and after a rollback it waits for a person. Beside them three more that go wrong at the same
//! time: each is put right, once.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use system_tests::autosync::KEY_VARIABLE;
use system_tests::{Answer, Client, ProxyOptions, RealProxy, broken, maps};
use xtask::python::NEWEST_PROXY;

use crate::gateway::Through;
use crate::restarts::Supervisor;
use crate::{MAIN, MIDDLE, OLDER, code};

/// A model of which each served map has another limit, so that a proxy shows which map it has.
const MODEL: &str = "gpt-4.1";
const LIMIT: &str = "max_output_tokens";

/// A stage has a map for at least this long.
const SOAK: Duration = Duration::from_secs(4);

/// Three runs after one another, each with its look at the source, two soaks and a question each minute.
const WITHIN: Duration = Duration::from_secs(100);

/// What the proxy with a schedule of its own keeps to.
const SCHEDULE: &str = "/schedule/model_cost_map_reload";

struct Fleet {
    through: Through<()>,
    testing: RealProxy,
    /// Reads the source itself, in testing.
    direct: Supervisor,
    /// Has no database, but a restart command; in testing.
    small: Supervisor,
    staging: Supervisor,
    production: RealProxy,
    /// Reloads by itself, in production.
    timed: RealProxy,
    newest: Vec<u8>,
    _folders: [tempfile::TempDir; 3],
}

impl Fleet {
    fn start() -> Self {
        let through = Through::without_proxy();
        let options = |version, name| ProxyOptions::new(version, &through.url_of(name));
        let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
        // Each stage has its own version.
        let testing = RealProxy::start(&options(MAIN, "early"));
        let direct = Supervisor::start(ProxyOptions::new(MAIN, &through.upstream.url()), folders[0].path());
        let small = Supervisor::start(options(MAIN, "small").without_database(), folders[1].path());
        let staging = Supervisor::start(options(MIDDLE, "middle"), folders[2].path());
        let production = RealProxy::start(&options(OLDER, "late"));
        let timed = RealProxy::start(&options(MAIN, "timed"));
        let proxies = [
            ("early", &testing.url, "testing"),
            ("direct", &direct.address, "testing"),
            ("small", &small.address, "testing"),
            ("middle", &staging.address, "staging"),
            ("late", &production.url, "production"),
            ("timed", &timed.url, "production"),
        ];
        let ok = |args: &[&str]| drop(through.autosync.ok(args));
        for (name, url, role) in proxies {
            ok(&["proxy", "add", name, url, "--key-env", KEY_VARIABLE, "--role", role]);
        }
        ok(&["proxy", "set", "small", "--restart", "sh", "-c", &small.command()]);
        ok(&["schedule", "set", "--every", "6h", "--on", "proxy", "--proxy", "timed"]);
        ok(&["stages", "rule", "--soak", "4s"]);
        ok(&["sync"]);
        let newest = maps::load(NEWEST_PROXY);
        Self { through, testing, direct, small, staging, production, timed, newest, _folders: folders }
    }

    /// The newest map with this limit.
    fn serve(&self, limit: u32) {
        self.through.upstream.serve(&broken::with_field(&self.newest, MODEL, LIMIT, json!(limit)));
    }

    /// The limits that the three hold.
    fn limits(&self) -> [Value; 3] {
        [self.testing.live_map(), self.staging.live_map(), self.production.live_map()]
            .map(|map| map[MODEL][LIMIT].clone())
    }

    fn json(&self, args: &[&str]) -> (i32, Value) {
        self.through.autosync.json(args)
    }

    fn progress(&self, stage: usize) -> String {
        let (_, shown) = self.json(&["stages"]);
        shown["stages"][stage]["progress"].as_str().unwrap_or_default().to_owned()
    }

    fn runs(&self, proxy: &str) -> Vec<Value> {
        self.json(&["history", "--proxy", proxy]).1["runs"].as_array().unwrap().clone()
    }

    fn wait(&self, what: &str, fits: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !fits(self) {
            assert!(
                begun.elapsed() < WITHIN,
                "{what} did not come: {:?} {:#}",
                self.limits(),
                self.json(&["stages"]).1
            );
            std::thread::sleep(Duration::from_millis(300));
        }
    }
}

#[test]
fn a_map_goes_from_testing_to_production_and_a_proxy_that_dies_midway_stops_it() {
    let fleet = Fleet::start();
    let first = fleet.limits();
    assert!(first.iter().all(|limit| *limit == first[0]), "a first map goes to all: {first:?}");

    // By itself, one after the other, each proved.
    fleet.serve(40_001);
    fleet.wait("the map at testing", |fleet| fleet.limits()[0] == 40_001);
    assert_eq!(fleet.limits()[1..], first[1..], "the others keep theirs");
    fleet.wait("the map at production", |fleet| fleet.limits() == [40_001, 40_001, 40_001].map(Value::from));
    let at = |proxy: &str, field: &str| -> chrono::DateTime<chrono::Utc> {
        fleet.runs(proxy)[0][field].as_str().unwrap().parse().unwrap()
    };
    for (before, after) in [("early", "middle"), ("middle", "late")] {
        assert!(
            (at(after, "started") - at(before, "finished")).to_std().unwrap() >= SOAK,
            "{before} had it long enough"
        );
        let runs = fleet.runs(after);
        let run = &runs[0];
        assert_eq!((&run["trigger"], &run["outcome"]), (&"promotion".into(), &"succeeded".into()), "{run:#}");
        assert_eq!(runs.len(), 2, "told and touched once: {runs:#?}");
    }
    let promoted = fleet.json(&["status"]).1["promoted"]["revision"].clone();
    assert_eq!(fleet.progress(0), "done");

    // The one in the middle dies as its turn comes: production keeps its map, and it is plain why.
    fleet.staging.kill();
    fleet.serve(40_002);
    fleet.wait("the stop", |fleet| fleet.progress(1) == "stopped");
    assert_eq!(fleet.testing.live_map()[MODEL][LIMIT], 40_002);
    std::thread::sleep(SOAK + Duration::from_secs(2));
    assert_eq!(fleet.production.live_map()[MODEL][LIMIT], 40_001, "nothing goes past a failure");
    let (_, status) = fleet.json(&["status"]);
    assert_eq!(status["promoted"]["revision"], promoted, "what is billed is what production has");
    assert_eq!(status["stages"][1]["proxy"], "middle", "{:#}", status["stages"]);
    let (exit, refused) = fleet.json(&["promote", "--to", "production"]);
    assert_eq!((exit, code(&refused)), (3, "held"), "{refused:#}");

    others_go_wrong_too(&fleet);
    after_a_rollback(&fleet);
}

/// While the map is stopped midway, another proxy restarts with the map in its package, and one forgets its schedule. The
/// one in the middle comes back. Nobody does anything about it.
fn others_go_wrong_too(fleet: &Fleet) {
    for (supervisor, name) in [(&fleet.direct, "direct"), (&fleet.small, "small")] {
        assert_eq!(supervisor.live_map()[MODEL][LIMIT], 40_002, "{name} is in testing");
    }
    // Of its own schedule the timed one takes the map by itself too, which is a run that proves it.
    let heals =
        |proxy: &str| -> Vec<Value> { fleet.runs(proxy).into_iter().filter(|run| run["trigger"] == "heal").collect() };
    assert_eq!(fleet.timed.delete(SCHEDULE).status, 200);
    fleet.through.upstream.answer_only(Client::Proxy, Answer::Status(503));
    fleet.direct.restart();
    assert_ne!(fleet.direct.live_map()[MODEL][LIMIT], 40_002, "it has the map in its package");
    fleet.serve(40_002);
    fleet.staging.restart();

    fleet.wait("the rest", |fleet| fleet.limits() == [40_002, 40_002, 40_002].map(Value::from));
    fleet.wait("the map of the restarted one", |fleet| fleet.direct.live_map()[MODEL][LIMIT] == 40_002);
    let hours = |fleet: &Fleet| fleet.timed.get(&format!("{SCHEDULE}/status")).json()["interval_hours"].clone();
    fleet.wait("the schedule", |fleet| hours(fleet) == 6);
    // Longer than from one question to the next: once is enough.
    std::thread::sleep(Duration::from_secs(65));
    let all = ["direct", "timed", "small"].map(heals);
    let [[direct], [timed], []] = &all.each_ref().map(Vec::as_slice) else { panic!("each is told once: {all:#?}") };
    assert_eq!((&direct["outcome"], direct["receipt"].is_null()), (&"succeeded".into(), false), "{direct:#}");
    let set = json!([{ "resource": "cost_map", "interval_hours": 6, "was_lost": true }]);
    assert_eq!(timed["schedules_set"], set, "{timed:#}");
}

/// All go back at once, and the next good map waits behind testing until a person lets it go on.
fn after_a_rollback(fleet: &Fleet) {
    let (exit, answer) = fleet.json(&["rollback"]);
    assert_eq!(exit, 0, "{answer:#}");
    assert_eq!(fleet.limits(), [40_001, 40_001, 40_001].map(Value::from));
    fleet.serve(40_003);
    fleet.wait("the next map at testing", |fleet| fleet.limits()[0] == 40_003 && fleet.progress(0) == "waiting");
    std::thread::sleep(SOAK + Duration::from_secs(2));
    assert_eq!(fleet.limits()[1..], [40_001, 40_001].map(Value::from), "it waits for a person");
    let (exit, answer) = fleet.json(&["promote"]);
    let names: Vec<&Value> = answer["runs"].as_array().unwrap().iter().map(|run| &run["proxy"]).collect();
    assert_eq!((exit, names), (0, vec![&Value::from("middle")]), "the next stage alone: {answer:#}");
    assert_eq!(fleet.limits(), [40_003, 40_003, 40_001].map(Value::from));
    let (exit, answer) = fleet.json(&["promote"]);
    assert_eq!(exit, 0, "{answer:#}");
    assert_eq!(fleet.limits(), [40_003, 40_003, 40_003].map(Value::from));
    let (exit, nothing) = fleet.json(&["promote"]);
    assert_eq!((exit, code(&nothing)), (1, "not_found"), "{nothing:#}");
}
