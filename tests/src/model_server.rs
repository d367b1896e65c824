//! A stand-in for a provider of models, on loopback: it answers every chat as OpenAI does, also as a stream, and says how
//! many tokens that took. It knows no prices.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

/// Tokens of every question and of every answer.
pub const PROMPT_TOKENS: u64 = 1_000;
/// See [`PROMPT_TOKENS`].
pub const ANSWER_TOKENS: u64 = 200;

/// The model whose streams take [`SLOW_FOR`].
pub const SLOW: &str = "slow";
/// See [`SLOW`].
pub const SLOW_FOR: Duration = Duration::from_secs(6);

/// The server. It ends when it is dropped.
pub struct ModelServer {
    address: SocketAddr,
    over: Arc<AtomicBool>,
}

impl ModelServer {
    /// Answers from now on.
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        std::thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                std::thread::spawn(move || drop(serve(stream)));
            }
        });
        Self { address, over }
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect_timeout(&self.address, Duration::from_secs(1))); // wakes the accepting thread
    }
}

fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or_default();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let usage = json!({ "prompt_tokens": PROMPT_TOKENS, "completion_tokens": ANSWER_TOKENS, "total_tokens": PROMPT_TOKENS + ANSWER_TOKENS });
    let of = |kind: &str, choices: Value, usage: &Value| json!({ "id": "chatcmpl-1", "object": kind, "created": 1, "model": asked["model"], "choices": choices, "usage": usage });
    let (kind, body) = if asked["stream"] == true {
        let part = |delta: Value, reason: Value| json!([{ "index": 0, "delta": delta, "finish_reason": reason }]);
        let parts = [
            of(
                "chat.completion.chunk",
                part(json!({ "role": "assistant", "content": "Hello" }), Value::Null),
                &Value::Null,
            ),
            of("chat.completion.chunk", part(json!({}), "stop".into()), &Value::Null),
            of("chat.completion.chunk", json!([]), &usage),
        ];
        let lines = parts.iter().map(ToString::to_string).chain(["[DONE]".to_owned()]);
        ("text/event-stream", lines.map(|line| ["data: ", &line, "\n\n"].concat()).collect())
    } else {
        let message = json!({ "role": "assistant", "content": "Hello" });
        let choices = json!([{ "index": 0, "message": message, "finish_reason": "stop" }]);
        ("application/json", of("chat.completion", choices, &usage).to_string())
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    let (first, rest) = body.split_at(body.find("\n\n").unwrap_or_default());
    stream.write_all(first.as_bytes())?;
    if asked["model"] == SLOW {
        std::thread::sleep(SLOW_FOR);
    }
    stream.write_all(rest.as_bytes())
}
