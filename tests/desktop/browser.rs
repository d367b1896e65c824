//! The real web view of the app, driven by WebKit's own driver (W3C WebDriver).

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::http;

use crate::app;
use crate::desk::Desk;
use crate::processes;
use crate::{try_until, until};

/// The key that holds an element's id in answers (W3C WebDriver, "Elements").
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A session with an app that the driver has started.
pub(crate) struct Browser {
    driver: Child,
    base: String,
}

impl Browser {
    /// Has the driver start the app with a window.
    pub(crate) fn start(desk: &Desk) -> Self {
        Self::of(desk, &app::binary(), &[])
    }

    /// The same for this program, in this environment.
    pub(crate) fn of(desk: &Desk, program: &Path, environment: &[(&str, &str)]) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut driver = desk.command("WebKitWebDriver");
        driver
            .arg(format!("--port={port}"))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("PROXY_KEY", "sk-system-tests-1234")
            .envs(environment.iter().copied());
        let driver = driver.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let root = format!("http://127.0.0.1:{port}");
        until("the driver", || http::get(&format!("{root}/status"), &[]).ok());
        let home = desk.home().join("data").display().to_string();
        let options = json!({ "binary": program, "args": ["--home", home] });
        let wanted = json!({ "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": options } } });
        let session = send(&Method::POST, &format!("{root}/session"), &wanted).unwrap_or_else(|said| panic!("{said}"));
        let id = session["sessionId"].as_str().unwrap().to_owned();
        Self { driver, base: format!("{root}/session/{id}") }
    }

    /// The process of the app.
    pub(crate) fn app_pid(&self) -> u32 {
        self.app().unwrap()
    }

    fn app(&self) -> Option<u32> {
        let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.driver.id())).ok()?;
        children.split_whitespace().next()?.parse().ok()
    }

    /// What a script in the page gives back, once there is a page that can run it.
    pub(crate) fn script(&self, script: &str) -> Value {
        let body = json!({ "script": script, "args": [] });
        let mut last = String::new();
        let found = try_until(|| {
            send(&Method::POST, &format!("{}/execute/sync", self.base), &body).map_err(|said| last = said).ok()
        });
        found.unwrap_or_else(|| panic!("{script}: {last}"))
    }

    /// The text of the page as people see it.
    pub(crate) fn text(&self) -> String {
        self.script("return document.body?.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the page shows this.
    pub(crate) fn wait_for(&self, wanted: &str) -> String {
        let mut last = String::new();
        let found = try_until(|| {
            last = self.text();
            last.contains(wanted).then(|| last.clone())
        });
        found.unwrap_or_else(|| panic!("the page does not show \"{wanted}\":\n{last}"))
    }

    /// Clicks the first button or link with this text or name, as a person would.
    pub(crate) fn click(&self, label: &str) {
        let is_it = format!("contains(normalize-space(.), \"{label}\") or @aria-label=\"{label}\"");
        let find = json!({ "using": "xpath", "value": format!("//*[self::button or self::a][{is_it}]") });
        let mut last = String::new();
        // What was found may be drawn anew, or lie below something else, before it is clicked: it is looked for again.
        let clicked = try_until(|| {
            let found =
                send(&Method::POST, &format!("{}/element", self.base), &find).map_err(|said| last = said).ok()?;
            let click = format!("{}/element/{}/click", self.base, found[ELEMENT].as_str()?);
            send(&Method::POST, &click, &json!({})).map_err(|said| last = said).ok()
        });
        assert!(clicked.is_some(), "the button \"{label}\" cannot be clicked: {last}");
    }

    /// The fragment of the page's address.
    pub(crate) fn place(&self) -> String {
        self.script("return location.hash").as_str().unwrap_or_default().to_owned()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends the app that it started, too, but may answer before it does so: killed too early, it leaves the app behind.
        let app = self.app();
        drop(send(&Method::DELETE, &self.base, &json!({})));
        let end = Instant::now() + Duration::from_secs(10);
        while app.is_some_and(processes::is_there) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

/// The value of the answer, or what the driver says against it.
fn send(method: &Method, url: &str, body: &Value) -> Result<Value, String> {
    let text = (*method == Method::POST).then(|| body.to_string());
    let reply = http::send(method, url, &[("content-type", "application/json")], text.as_deref());
    let reply = reply.map_err(|error| error.to_string())?;
    let answer: Value = serde_json::from_slice(&reply.body).map_err(|error| error.to_string())?;
    if reply.status == 200 { Ok(answer["value"].clone()) } else { Err(answer["value"].to_string()) }
}
