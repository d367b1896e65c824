//! What is posted: one JSON object for programs, or the text that Slack and its likes take.

use serde_json::{Value, json};

use crate::alerts::Alert;
use crate::error::bounded;
use crate::settings::WebhookKind;

/// Characters of a text: Slack cuts at 40,000, Mattermost at 16,383, Discord refuses over 2,000.
const TEXT: usize = 1900;

/// One try of one alert.
pub(super) struct Sending<'a> {
    /// The same at every try.
    pub(super) id: &'a str,
    pub(super) alert: &'a Alert,
    /// Which try, from 1.
    pub(super) attempt: u32,
    /// An earlier try may have arrived.
    pub(super) again: bool,
}

impl Sending<'_> {
    /// The body.
    pub(super) fn body(&self, kind: WebhookKind) -> Value {
        match kind {
            WebhookKind::Json => self.json(),
            WebhookKind::Slack => json!({ "text": self.text() }),
        }
    }

    fn json(&self) -> Value {
        let Alert { alerts, at, title, lines, facts, .. } = self.alert;
        json!({
            "id": self.id,
            "attempt": self.attempt,
            "again": self.again,
            "alerts": alerts,
            "at": at,
            "title": title,
            "text": lines.join("\n"),
            "facts": facts,
            "from": concat!("litellm-autosync/", env!("CARGO_PKG_VERSION")),
        })
    }

    fn text(&self) -> String {
        let mut text = format!("*{}*", harmless(&self.alert.title));
        if self.again {
            text.push_str(" _(may be a repeat)_");
        }
        for line in &self.alert.lines {
            text.push('\n');
            text.push_str(&harmless(line));
        }
        if text.chars().count() > TEXT {
            // A cut within an escape would show half of it.
            let cut: String = text.chars().take(TEXT).collect();
            let whole = cut.rsplit_once('\n').map_or(cut.as_str(), |(whole, _)| whole);
            return format!("{whole}\n…");
        }
        text
    }
}

/// Names come from a map or a proxy: they call nobody, link nowhere and change no letter's look.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in bounded(text, TEXT).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A mention or a mark is one only without something between: this is nothing to see.
            '@' | '*' | '`' | '~' => out.extend([c, '\u{2060}']),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(title: &str, lines: &[&str]) -> Alert {
        Alert {
            alerts: vec!["failures".into()],
            at: "2026-03-04T14:02:00Z".parse().unwrap(),
            title: title.into(),
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            facts: json!({"proxies": ["eu"]}),
            run: None,
        }
    }

    #[test]
    fn a_program_gets_facts_and_can_tell_a_repeat() {
        let alert = alert("eu could not be synced", &["Connection refused."]);
        let body = Sending { id: "3f2a9c1b-17", alert: &alert, attempt: 2, again: true }.body(WebhookKind::Json);
        assert_eq!(
            (&body["id"], &body["attempt"], &body["again"], &body["facts"]["proxies"][0], &body["at"]),
            (&json!("3f2a9c1b-17"), &json!(2), &json!(true), &json!("eu"), &json!("2026-03-04T14:02:00Z"))
        );
        assert_eq!(body["alerts"], json!(["failures"]));
    }

    #[test]
    fn a_chat_gets_text_in_which_no_name_calls_or_links() {
        let hostile = alert("<!channel> eu", &["<https://evil.example|click> @everyone @here & `x`"]);
        let body = |again| Sending { id: "a", alert: &hostile, attempt: 1, again }.body(WebhookKind::Slack);
        let text = body(false)["text"].as_str().unwrap().to_owned();
        for bad in ["<", ">", "@everyone", "@here", "`x"] {
            assert!(!text.contains(bad), "{text}");
        }
        assert!(text.starts_with("*&lt;!channel&gt; eu*\n"), "{text}");
        assert!(!text.contains("repeat") && body(true)["text"].as_str().unwrap().contains("(may be a repeat)"));
    }

    #[test]
    fn a_long_text_is_cut_at_a_line() {
        let line = "&".repeat(300);
        let long = alert("many", &[line.as_str(); 12]);
        let body = Sending { id: "a", alert: &long, attempt: 1, again: false }.body(WebhookKind::Slack);
        let text = body["text"].as_str().unwrap();
        assert!(text.chars().count() <= TEXT + 2 && text.ends_with("&amp;\n…"), "{text}");
    }
}
