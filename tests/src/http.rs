//! Plain requests of a test to what it started, past the program under test.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::Method;
use tokio::runtime::Runtime;

/// What came back.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// GET.
pub fn get(url: &str, headers: &[(&str, &str)]) -> reqwest::Result<Reply> {
    send(&Method::GET, url, headers, None)
}

/// Any request, with a JSON text as its body or none. Bounded by 100 s: a reload may take 75.
pub fn send(method: &Method, url: &str, headers: &[(&str, &str)], body: Option<&str>) -> reqwest::Result<Reply> {
    let (runtime, client) = shared();
    runtime.block_on(async {
        let mut request = client.request(method.clone(), url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        let response = request.send().await?;
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        Ok(Reply { status: response.status().as_u16(), headers, body: response.bytes().await?.to_vec() })
    })
}

fn shared() -> &'static (Runtime, reqwest::Client) {
    static SHARED: OnceLock<(Runtime, reqwest::Client)> = OnceLock::new();
    SHARED.get_or_init(|| {
        drop(rustls::crypto::ring::default_provider().install_default()); // an error says that it is installed already
        let client = reqwest::Client::builder()
            .no_proxy()
            .no_gzip()
            .no_brotli()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(100))
            .build()
            .unwrap();
        (Runtime::new().unwrap(), client)
    })
}
