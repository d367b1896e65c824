//! Genuine proxies that read only the map file in their own installation: it is written, loaded and proved, and there is a
//! way back. The installation is a private one, so that the shared environment stays as it is.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use system_tests::autosync::KEY_VARIABLE;
use system_tests::{Autosync, MASTER_KEY, MapServer, ProxyOptions, RealProxy, broken, maps};
use tempfile::TempDir;
use xtask::python::{self, NEWEST_PROXY};

use crate::gateway::{MODEL, PRICE};
use crate::{MAIN, OLDER, code, only_run};

const FILE: &str = "model_prices_and_context_window_backup.json";

/// A LiteLLM of its own: everything but the map file is a link into the shared environment.
struct Installation {
    folder: TempDir,
    environment: PathBuf,
}

impl Installation {
    fn of(version: &str) -> Self {
        let python = python::proxy(version).unwrap().python();
        let environment = python.parent().and_then(Path::parent).unwrap().to_owned();
        let lib = fs::read_dir(environment.join("lib")).unwrap().next().unwrap().unwrap().path();
        let shared = lib.join("site-packages/litellm");
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("litellm");
        fs::create_dir(&own).unwrap();
        for entry in fs::read_dir(&shared).unwrap().map(Result::unwrap) {
            let to = own.join(entry.file_name());
            if entry.file_name() == FILE {
                fs::copy(entry.path(), to).map(drop).unwrap();
            } else {
                symlink(entry.path(), to).unwrap();
            }
        }
        Self { folder, environment }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("litellm").join(FILE)
    }

    fn path(&self) -> &str {
        self.folder.path().to_str().unwrap()
    }
}

fn kept_up_to_date(version: &str) {
    let installation = Installation::of(version);
    let original = maps::revision(&fs::read(installation.file()).unwrap());
    let old = maps::load(maps::BEFORE_NEWEST);
    let upstream = MapServer::start(&old);
    let options = ProxyOptions::new(version, &upstream.url())
        .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        .env("PYTHONPATH", installation.path());
    let proxy = RealProxy::start(&options);
    let autosync = Autosync::new()
        .env(KEY_VARIABLE, MASTER_KEY)
        .env("VIRTUAL_ENV", installation.environment.to_str().unwrap())
        .env("PYTHONPATH", installation.path());
    autosync.ok(&["source", "set", &upstream.url()]);
    autosync.ok(&["proxy", "add", "airgap", &proxy.url, "--key-env", KEY_VARIABLE]);
    let (exit, answer) = autosync.json(&["sync"]);
    let there = || maps::revision(&fs::read(installation.file()).unwrap());
    assert_ne!(exit, 0, "nobody said that it may be written: {answer:#}");
    assert_eq!(there(), original);

    let (exit, answer) = autosync.json(&["proxy", "set", "airgap", "--local-file", "auto"]);
    assert_eq!((exit, answer["proxy"]["local_file"].as_str()), (0, installation.file().to_str()), "{answer:#}");
    let (exit, answer) = autosync.json(&["sync"]);
    let run = only_run(&answer);
    assert_eq!((exit, &run["outcome"]), (0, &"succeeded".into()), "{answer:#}");
    assert_eq!(run["to"].as_str(), Some(&*there()), "{run:#}");
    let (_, status) = autosync.json(&["status"]);
    let shown = &status["proxies"][0];
    assert_eq!((&shown["reads"], &shown["sync"]), (&"local_file".into(), &"synced".into()), "{shown:#}");
    let price = |model: &str| proxy.live_map()[model][PRICE].clone();
    let good = price(MODEL);

    // Upstream's mistake stays there, and a person's own price gets there.
    let newest = maps::load(NEWEST_PROXY);
    upstream.serve(&broken::with_field(&newest, MODEL, PRICE, json!(0.0025)));
    let (exit, answer) = autosync.json(&["sync"]);
    assert_eq!((exit, &only_run(&answer)["outcome"]), (0, &"succeeded".into()), "{answer:#}");
    assert_eq!(price(MODEL), good);
    assert!(!price("gpt-6-cyber").is_null());
    let live = proxy.live_map();
    assert_eq!(
        live["claude-opus-latest"][PRICE], live["claude-opus-5-5"][PRICE],
        "aliases are resolved where that is needed"
    );
    let (exit, answer) = autosync.json(&["overlay", "set", MODEL, "input_cost_per_token=1.80/1M"]);
    assert_eq!((exit, only_run(&answer)["receipt"].is_null()), (0, false), "{answer:#}");
    assert_eq!(price(MODEL), json!(1.8e-6));
    let (exit, answer) = autosync.json(&["rollback"]);
    assert_eq!((exit, only_run(&answer)["receipt"].is_null()), (0, false), "{answer:#}");
    assert!(price("gpt-6-cyber").is_null());

    // The way back.
    let (exit, answer) = autosync.json(&["proxy", "restore", "airgap"]);
    assert_eq!((exit, &answer["warning"]), (0, &Value::Null), "{answer:#}");
    assert_eq!(there(), original, "byte for byte");
    let (exit, answer) = autosync.json(&["proxy", "restore", "airgap"]);
    assert_eq!((exit, code(&answer)), (1, "not_found"), "{answer:#}");
    assert!(upstream.hits_of(system_tests::Client::Proxy).is_empty(), "it never asked upstream");
}

#[test]
fn the_main_proxy_is_kept_up_to_date_through_its_local_file() {
    kept_up_to_date(MAIN);
}

#[test]
fn the_older_proxy_is_kept_up_to_date_through_its_local_file() {
    kept_up_to_date(OLDER);
}
