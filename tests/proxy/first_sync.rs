//! Nothing is synced before a person said so. A reload is counted where the proxy fetches its map: at the source.

use std::time::Duration;

use engine::controller::{Draft, FirstSyncs, Happening, SyncOrder};
use engine::run::{Outcome, Trigger};
use engine::settings::{KeyHeader, Proxy, ProxyUrl, Role};
use system_tests::{Client, Stage, maps};
use tempfile::TempDir;

use crate::MAIN;
use crate::engine::{Desk, all, block_on, only_run};

#[test]
fn with_the_default_schedule_a_genuine_proxy_is_not_changed_before_its_first_sync() {
    let (stage, folder) = (Stage::shared(MAIN), TempDir::new().unwrap());
    block_on(async {
        let proxies = [("local", stage.proxy.url.as_str())];
        let mut desk = Desk::of(&stage, &folder, &proxies);
        (desk.more, desk.scheduled, desk.first_syncs) = ("watch = \"1s\"\n", true, FirstSyncs::Asked);
        let engine = desk.engine().await;
        let mut happenings = engine.happenings();
        let schedule =
            || tokio::task::block_in_place(|| stage.proxy.get("/schedule/model_cost_map_reload/status").json());
        let own_schedule = schedule();

        // What the welcome shows before anything is saved.
        let draft = Draft {
            proxy: Proxy {
                name: "typed".parse().unwrap(),
                url: ProxyUrl::parse(&stage.proxy.url, false).unwrap(),
                role: Role::Production,
                key: "keyring".parse().unwrap(),
                key_header: KeyHeader::default(),
                allow_plain_http: false,
                ca_file: None,
                restart: Vec::new(),
                local_file: None,
                own_schedule: None,
                beta_headers: None,
            },
            key: Some(stage.proxy.key.clone().into()),
            source: None,
        };
        stage.upstream.serve(&stage.new);
        let preview = engine.preview(draft).await.unwrap();
        assert_eq!(only_run(&preview).outcome, Outcome::Planned, "{preview:?}");
        assert!(only_run(&preview).models_updated > 0, "{preview:?}");

        // The watch sees the new map, which on_change would sync at once; a dry run and two more looks change nothing.
        loop {
            match tokio::time::timeout(Duration::from_secs(30), happenings.recv()).await.unwrap().unwrap() {
                Happening::SourceChecked { source, .. } if source.revision.is_some() => break,
                Happening::RunStarted { .. } => panic!("nobody asked for a run"),
                _ => {}
            }
        }
        let dry = SyncOrder { dry_run: true, ..all() };
        engine.sync(dry).await.unwrap();
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(stage.upstream.hits_of(Client::Proxy).len(), 0, "no reload");
        assert_eq!(schedule(), own_schedule);
        let proxy = engine.snapshot().borrow().proxies[0].clone();
        assert!(proxy.awaits_first_sync && proxy.next_run.is_none() && proxy.last_run.is_none(), "{proxy:#?}");

        let report = engine.sync(all()).await.unwrap();
        assert_eq!(only_run(&report).outcome, Outcome::Succeeded, "{report:?}");
        assert_eq!(stage.upstream.hits_of(Client::Proxy).len(), 1);
        assert_eq!(only_run(&report).to.unwrap().to_string(), maps::revision(&stage.new));

        // From here on the schedule follows.
        stage.upstream.serve(&stage.old);
        loop {
            match tokio::time::timeout(Duration::from_mins(1), happenings.recv()).await.unwrap().unwrap() {
                Happening::RunFinished { run } if run.trigger == Trigger::Change => break,
                _ => {}
            }
        }
        engine.shutdown().await;
    });
}
