//! Who gets at the dashboard's server, and who does not.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use api::view::HostKind;
use api::{Api, NoDesktop};
use devserver::DevServer;
use engine::Clock;
use engine::controller::{Engine, EngineOptions, FirstSyncs};
use engine::home::{Home, HomeLock};
use engine::settings::SettingsFile;
use reqwest::{Client, Response};
use tempfile::TempDir;

/// A server in an empty home, with a page to hand out.
struct Served {
    base: String,
    token: String,
    client: Client,
    _folder: TempDir,
    _engine: Engine,
}

async fn serve() -> Served {
    rustls::crypto::ring::default_provider().install_default().ok();
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("ui");
    std::fs::create_dir_all(&page).unwrap();
    std::fs::write(page.join("index.html"), "<title>page</title>").unwrap();
    std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    let home = Home::resolve(Some(folder.path().join("home")), &|_| None).unwrap();
    let lock = HomeLock::acquire(&home, HomeLock::WAIT).unwrap();
    let nothing: engine::controller::Environment = Arc::new(|_| None);
    let settings = SettingsFile::load(&home.settings()).unwrap();
    let options = EngineOptions {
        home: home.clone(),
        lock,
        settings,
        environment: Arc::clone(&nothing),
        clock: Clock::system(),
        scheduled: false,
        first_syncs: FirstSyncs::Asked,
    };
    let engine = Engine::start(options).await.unwrap();
    let api = Api::new(engine.handle(), home, Clock::system(), nothing, Box::new(NoDesktop), HostKind::Browser);
    let server = DevServer::bind(api, page, 0).await.unwrap();
    let (base, token) = server.address.split_once("/#token=").unwrap();
    let (base, token) = (base.to_owned(), token.to_owned());
    tokio::spawn(server.serve());
    Served { base, token, client: Client::builder().no_proxy().build().unwrap(), _folder: folder, _engine: engine }
}

impl Served {
    async fn call(&self, headers: &[(&str, &str)]) -> Response {
        let mut request = self.client.post(format!("{}/api/call/state", self.base)).body("null");
        request = request.header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }
}

#[tokio::test]
async fn only_the_page_with_the_token_gets_an_answer() {
    let served = serve().await;
    let bearer = format!("Bearer {}", served.token);
    let ours = served.base.clone();
    let good = served.call(&[("authorization", &bearer), ("origin", &ours)]).await;
    assert_eq!(good.status(), 200);
    let state: serde_json::Value = serde_json::from_str(&good.text().await.unwrap()).unwrap();
    assert_eq!(state["host"], "browser");
    for (headers, status) in [
        (&[][..], 401),
        (&[("authorization", "Bearer 0000")][..], 401),
        (&[("authorization", bearer.as_str()), ("origin", "https://evil.example")][..], 403),
        (&[("authorization", bearer.as_str()), ("origin", "null")][..], 403),
        (&[("authorization", bearer.as_str()), ("host", "evil.example")][..], 403),
    ] {
        assert_eq!(served.call(headers).await.status(), status, "{headers:?}");
    }
    assert_eq!(served.client.get(format!("{}/api/events", served.base)).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_command_that_fails_says_so_as_data() {
    let served = serve().await;
    let ask = |name: &str, body: &'static str| {
        let request = served.client.post(format!("{}/api/call/{name}", served.base)).bearer_auth(&served.token);
        request.header("content-type", "application/json").body(body).send()
    };
    for (name, body, status, code) in [
        ("no_such_command", "null", 404, "not_found"),
        ("run", r#"{"id": 99}"#, 404, "not_found"),
        ("run", r#"{"id": "x"}"#, 400, "usage"),
        ("set", r#"{"field": "every", "value": "soon"}"#, 400, "invalid_setting"),
    ] {
        let reply = ask(name, body).await.unwrap();
        let found = reply.status();
        let view: serde_json::Value = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
        assert_eq!((found.as_u16(), view["code"].as_str().unwrap()), (status, code), "{name} {body}: {view}");
    }
}

#[tokio::test]
async fn files_come_from_the_dashboards_folder_only_and_with_a_strict_policy() {
    let served = serve().await;
    let page = served.client.get(&served.base).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.text().await.unwrap(), "<title>page</title>");
    for path in ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/nothing.js"] {
        let reply = served.client.get(format!("{}{path}", served.base)).send().await.unwrap();
        assert_eq!(reply.status(), 404, "{path}");
    }
}
