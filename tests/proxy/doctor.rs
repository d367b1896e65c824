//! The doctor finds the one planted cause. Each set-up is sound but for one thing, and that thing alone is named as the
//! cause: on the genuine proxy where it can be planted there, on loopback where it is the network's, on real maps.

mod gateway;
mod genuine;
mod machine;
mod network;
mod others;

use std::any::Any;
use std::collections::BTreeSet;

use engine::diagnosis::Cause;
use serde_json::Value;
use system_tests::Autosync;

/// A home in which one thing is wrong, and what the doctor is asked there.
struct Planted {
    autosync: Autosync,
    args: Vec<&'static str>,
    /// Servers and such that have to live on.
    kept: Vec<Box<dyn Any + Send>>,
}

impl Planted {
    fn in_home(autosync: Autosync) -> Self {
        Self { autosync, args: Vec::new(), kept: Vec::new() }
    }

    /// The question is about this model.
    fn asked(mut self, model: &'static str) -> Self {
        self.args.push(model);
        self
    }

    fn with(mut self, kept: impl Any + Send) -> Self {
        self.kept.push(Box::new(kept));
        self
    }

    /// The doctor names this cause, and no other one, with what shows it and what ends it.
    fn shows(&self, what: &str, cause: &str) -> Value {
        shows(&self.autosync, &self.args, what, cause)
    }
}

fn shows(autosync: &Autosync, args: &[&str], what: &str, cause: &str) -> Value {
    let (exit, report) = autosync.json(&[&["doctor"], args].concat());
    let found = &report["cause"];
    assert_eq!(found["cause"], cause, "{what}: {report:#}");
    let named: Vec<&Value> = report["causes"].as_array().unwrap().iter().map(|one| &one["cause"]).collect();
    assert_eq!(named, [cause], "{what}: another cause is named as well: {report:#}");
    assert!(found["message"].is_string() && found["remedy"].is_string(), "{what}: {found:#}");
    assert_eq!((found["ok"].as_bool(), exit == 0), (Some(false), found["state"] == "warn"), "{what}: {report:#}");
    report
}

/// Nothing is the cause of anything.
fn finds_nothing(autosync: &Autosync, args: &[&str]) -> Value {
    let (exit, report) = autosync.json(&[&["doctor"], args].concat());
    assert_eq!((exit, &report["cause"]), (0, &Value::Null), "{report:#}");
    report
}

/// Every set-up of the tables: what is wrong, and its cause.
fn set_ups() -> Vec<(&'static str, &'static str)> {
    let mut all: Vec<(&str, &str)> = Vec::new();
    all.extend(
        network::SOURCES.iter().chain(network::PROXIES).chain(machine::SET_UPS).map(|(what, cause, _)| (*what, *cause)),
    );
    all.extend(
        genuine::SET_UPS
            .iter()
            .chain(genuine::MIDDLE_SET_UPS)
            .chain(genuine::OLDER_SET_UPS)
            .map(|(what, cause, _)| (*what, *cause)),
    );
    all.extend(genuine::QUESTIONS.iter().map(|(what, cause, _)| (*what, *cause)));
    all.extend(gateway::SET_UPS.iter().map(|(what, cause, _)| (*what, *cause)));
    all.extend(others::SET_UPS.iter().copied());
    all
}

#[test]
fn at_least_25_causes_are_planted_and_each_is_one_that_the_contract_knows() {
    let all = set_ups();
    let known: BTreeSet<&str> = Cause::ALL.iter().map(|cause| cause.id()).collect();
    let causes: BTreeSet<&str> = all.iter().map(|(_, cause)| *cause).collect();
    assert!(causes.is_subset(&known), "{:?}", causes.difference(&known));
    let what: BTreeSet<&str> = all.iter().map(|(what, _)| *what).collect();
    assert_eq!(what.len(), all.len(), "two set-ups have one name");
    println!("{} set-ups, {} causes", all.len(), causes.len());
    assert!(causes.len() >= 25, "{causes:?}");
}
