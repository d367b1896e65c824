//! `autosync verify MODEL`: upstream, promoted and live price side by side.

use std::collections::BTreeMap;

use costmap::{Unit, people};
use engine::gate::Stage;
use engine::proxy::ProxyClient;
use engine::source::{Fetcher, Source};
use engine::verify::{FieldVerdict, VerifyOrder, VerifyReport, verify};
use engine::{Error, ErrorCode, Result};
use rust_decimal::Decimal;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::with_problems;
use crate::args::VerifyArgs;
use crate::context::Context;
use crate::output::grid::{Grid, Head, cell, toned};
use crate::output::tone::{Tone, paint};
use crate::output::{Answer, Screen, safe};

pub(super) async fn run(context: &Context, args: &VerifyArgs) -> Result<Answer> {
    let expected = args.expect.iter().map(|text| expectation(text)).collect::<Result<BTreeMap<String, Value>>>()?;
    let chosen = context.settings()?;
    let proxy = match &args.proxy {
        Some(name) => Some(chosen.settings.proxy(name)?),
        None => chosen.settings.proxies.first(),
    };
    let client = match proxy {
        Some(proxy) => {
            let key = context.secrets()?.key_for(proxy, &*Context::environment()).await.ok();
            Some((proxy.name.as_str(), ProxyClient::of(proxy, key)?))
        }
        None => None,
    };
    let ledger = context.ledger().await?;
    let order = VerifyOrder {
        model: &args.model,
        expected: &expected,
        source: &Source::from(chosen.settings.source()?),
        fetcher: &Fetcher::for_network(&chosen.settings.network)?,
        ledger: ledger.as_ref(),
        proxy: client.as_ref().map(|(name, client)| (*name, client)),
        stage: proxy.map_or(Stage::Production, |proxy| proxy.role.into()),
    };
    let report = verify(order, &CancellationToken::new()).await?;
    let answer = Answer::new(&context.screen, &report, || text(&context.screen, &report))?;
    let answer = with_problems(answer.exit(u8::from(!report.agree)), &chosen.problems);
    Ok(if proxy.is_none() {
        answer.note("No proxy has been added, so only upstream and promoted are compared.")
    } else {
        answer
    })
}

/// `input_cost_per_token=2.5e-06`, or any other field.
fn expectation(text: &str) -> Result<(String, Value)> {
    let usage = || {
        let message =
            "--expect takes FIELD=VALUE, with the price in USD per unit, like input_cost_per_token=0.0000025.";
        Error::new(ErrorCode::Usage, message).field("expect")
    };
    let (field, value) = text.split_once('=').map(|(field, value)| (field.trim(), value.trim())).ok_or_else(usage)?;
    if field.is_empty() || value.is_empty() {
        return Err(usage());
    }
    let number = value.parse::<Decimal>().or_else(|_| Decimal::from_scientific(value));
    let value = match (number, value) {
        (Ok(number), _) => Value::String(number.normalize().to_string()),
        (Err(_), "true") => Value::Bool(true),
        (Err(_), "false") => Value::Bool(false),
        (Err(_), text) => Value::String(text.to_owned()),
    };
    Ok((field.to_owned(), value))
}

fn text(screen: &Screen, report: &VerifyReport) -> String {
    let proxy = report.proxy.as_deref().map_or("no proxy".to_owned(), safe);
    let target = report.stands_for.as_deref().map(|target| format!(" → {}", safe(target))).unwrap_or_default();
    let mut out = format!("{}{target}  {proxy}\n\n", paint(Tone::Strong, &safe(&report.model)));
    if report.fields.is_empty() {
        return out + "The model exists but has no price anywhere: its calls are billed at $0.";
    }
    let heads = [
        Head::Left("field"),
        Head::Right("upstream"),
        Head::Right("promoted"),
        Head::Right("live"),
        Head::Right("expected"),
        Head::Left(""),
        Head::Left(""),
    ];
    let mut grid = Grid::new(screen, &heads);
    for field in &report.fields {
        let is_price = field.field.contains("cost");
        let unit = Unit::of_path(&field.field);
        let shown = |value: &Option<Value>| match value {
            None => "—".to_owned(),
            Some(value) => match people::price(value).filter(|_| is_price) {
                Some(price) => people::amount(price, unit),
                None => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
            },
        };
        let (word, tone) = match field.verdict {
            FieldVerdict::Agree => ("agree", Tone::Plain),
            FieldVerdict::Override => ("override", Tone::Warn),
            FieldVerdict::Drift => ("drift", Tone::Bad),
            FieldVerdict::Missing => ("missing", Tone::Bad),
        };
        grid.row([
            cell(&field.field),
            cell(shown(&field.upstream)),
            cell(shown(&field.promoted)),
            cell(shown(&field.live)),
            cell(field.expected.as_ref().map_or_else(String::new, |value| shown(&Some(value.clone())))),
            toned(Tone::Faint, if is_price { unit.for_people().1 } else { "" }),
            toned(tone, word),
        ]);
    }
    out.push_str(&grid.text());
    out + if report.agree {
        "\nThey match."
    } else {
        "\nThey do not match. `autosync sync` updates the proxy from the source."
    }
}

#[cfg(test)]
mod tests {
    use engine::verify::VerifiedField;
    use serde_json::json;

    use super::*;
    use crate::output::tests::{pipe, plain};

    #[test]
    fn a_price_may_be_expected_in_any_way_of_writing() {
        let (field, value) = expectation("input_cost_per_token = 2.50e-06").unwrap();
        assert_eq!((field.as_str(), value), ("input_cost_per_token", json!("0.0000025")));
        assert_eq!(expectation("mode=chat").unwrap().1, json!("chat"));
        assert_eq!(expectation("supports_vision=true").unwrap().1, json!(true));
        for bad in ["", "input_cost_per_token", "=1", "x="] {
            assert_eq!(expectation(bad).unwrap_err().code, ErrorCode::Usage, "{bad}");
        }
    }

    #[test]
    fn the_three_prices_stand_side_by_side() {
        let field = |field: &str, upstream: Value, live: Value, verdict| VerifiedField {
            field: field.into(),
            upstream: Some(upstream).filter(|value| !value.is_null()),
            promoted: None,
            live: Some(live).filter(|value| !value.is_null()),
            expected: None,
            verdict,
        };
        let report = VerifyReport {
            model: "gpt-4o".into(),
            stands_for: None,
            proxy: Some("local".into()),
            agree: false,
            fields: vec![
                field("input_cost_per_token", json!("0.0000025"), json!("0.0000025"), FieldVerdict::Agree),
                field("output_cost_per_token", json!("0.00001"), json!("0.000012"), FieldVerdict::Drift),
                field("max_tokens", json!(4096), Value::Null, FieldVerdict::Missing),
            ],
        };
        insta::assert_snapshot!(plain(&text(&pipe(), &report)));
    }
}
