//! `autosync price MODEL [--at DATE | --history]`: every price by which proxies bill a model, now or as of a date.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use costmap::{CostMap, Entry, Revision, Unit, people};
use engine::ledger::{Ledger, PriceInterval, Promotion};
use engine::overlay::own_entries;
use engine::{Error, ErrorCode, Result};
use serde_json::{Value, json};

use super::models::kept;
use super::overlay;
use crate::args::PriceArgs;
use crate::context::Context;
use crate::output::grid::{Grid, Head, cell, toned};
use crate::output::tone::{Tone, paint};
use crate::output::{Answer, Screen, safe, when};

/// Names that are suggested for one that is not there.
const SUGGESTIONS: usize = 5;

pub(super) async fn run(context: &Context, args: &PriceArgs) -> Result<Answer> {
    let at = args.at.as_deref().map(moment).transpose()?;
    let ledger = context.ledger().await?.ok_or_else(nothing_yet)?;
    if args.history {
        return history(context, &ledger, &args.model).await;
    }
    let promotion = promotion(&ledger, at).await?;
    let direct = context.settings()?.settings.gate.direct;
    let billed = promotion.billed(direct);
    let map = kept(&ledger, &billed).await?;
    let entry = map.priced(&args.model).ok_or_else(|| unknown(&args.model, &map))?;
    let mut document = document(&entry, at, &promotion, &billed);
    // The user's own prices, with upstream's beside them.
    let own = match at {
        None => own_entries(&context.home()?, Some(&ledger)).await?.0.into_iter().find(|own| own.model == args.model),
        Some(_) => None,
    };
    if let (Some(own), Some(document)) = (&own, document.as_object_mut()) {
        document.insert("own".to_owned(), json!(own.fields));
    }
    let held = promotion.held_models.contains(&args.model);
    let answer = Answer::new(&context.screen, &document, || text(&context.screen, &entry, &promotion, &billed))?;
    let answer = match own {
        Some(own) => answer.note(format!("You have your own values for this model. {}", overlay::beside(&own))),
        None => answer,
    };
    Ok(match (held, promotion.waits(direct)) {
        (false, _) => answer,
        (true, false) => {
            answer.note("This model needs review. A proxy that reads the source itself already bills these prices.")
        }
        (true, true) => answer.note(
            "A newer price of this model needs review. With gate.direct = \"wait\", proxies are not reloaded while it waits.",
        ),
    })
}

/// Every price that the model ever had.
async fn history(context: &Context, ledger: &Ledger, model: &str) -> Result<Answer> {
    let intervals = ledger.price_history(model).await?;
    if intervals.is_empty() {
        let promotion = ledger.promoted().await?.ok_or_else(nothing_yet)?;
        let map = kept(ledger, &promotion.billed(context.settings()?.settings.gate.direct)).await?;
        // A model without any price has no history of them either.
        if map.priced(model).is_none() {
            return Err(unknown(model, &map));
        }
    }
    let mut fields: Vec<(&str, Vec<&PriceInterval>)> = Vec::new();
    for interval in &intervals {
        match fields.last_mut() {
            Some((field, values)) if *field == interval.field => values.push(interval),
            _ => fields.push((&interval.field, vec![interval])),
        }
    }
    let told: Vec<Value> = fields.iter().map(|(field, values)| json!({ "field": field, "values": values })).collect();
    let document = json!({ "model": model, "fields": told });
    Answer::new(&context.screen, &document, || history_text(&context.screen, model, &intervals))
}

fn history_text(screen: &Screen, model: &str, intervals: &[PriceInterval]) -> String {
    if intervals.is_empty() {
        return format!("{} never had a price: its calls are billed at $0.", safe(model));
    }
    let heads = [Head::Left("field"), Head::Right("USD"), Head::Left(""), Head::Left("from"), Head::Left("until")];
    let mut grid = Grid::new(screen, &heads);
    let mut last = "";
    for interval in intervals {
        let unit = Unit::of_path(&interval.field);
        let amount =
            interval.value.parse().map_or_else(|_| interval.value.clone(), |price| people::amount(price, unit));
        let field = if last == interval.field { String::new() } else { interval.field.clone() };
        last = &interval.field;
        grid.row([
            cell(field),
            cell(amount),
            toned(Tone::Faint, unit.for_people().1),
            cell(when::exact(interval.from)),
            cell(interval.to.map_or_else(|| "now".to_owned(), when::exact)),
        ]);
    }
    format!("{}\n\n{}", paint(Tone::Strong, &safe(model)), grid.text())
}

async fn promotion(ledger: &Ledger, at: Option<DateTime<Utc>>) -> Result<Promotion> {
    let Some(at) = at else { return ledger.promoted().await?.ok_or_else(nothing_yet) };
    if let Some(promotion) = ledger.promotion_at(at).await? {
        return Ok(promotion);
    }
    // The newest first: the last one is the beginning of what is known.
    let first = ledger.promotions(usize::MAX).await?.pop().ok_or_else(nothing_yet)?;
    let message = format!(
        "Nothing had been promoted at {}. The history here begins at {}.",
        when::exact(at),
        when::exact(first.promoted_at)
    );
    Err(Error::new(ErrorCode::NotFound, message).field("at"))
}

fn nothing_yet() -> Error {
    Error::new(
        ErrorCode::NotFound,
        "No map has been promoted yet, so no price is known. `autosync sync` fetches and checks the first one.",
    )
}

fn unknown(model: &str, map: &CostMap) -> Error {
    let part = model.to_lowercase();
    let near: Vec<String> = map
        .models()
        .map(|entry| entry.name().into_owned())
        .filter(|name| name.to_lowercase().contains(&part))
        .take(SUGGESTIONS)
        .map(|name| safe(&name))
        .collect();
    let hint = if near.is_empty() {
        "`autosync models --search …` finds names.".to_owned()
    } else {
        format!("Similar names: {}.", near.join(", "))
    };
    let message = format!("The map at that time had no model named {}. {hint}", safe(model));
    Error::new(ErrorCode::NotFound, message).field("model")
}

/// A date is its whole day: what was promoted in the course of it counts.
fn moment(text: &str) -> Result<DateTime<Utc>> {
    let end_of_day = NaiveTime::from_hms_milli_opt(23, 59, 59, 999).unwrap_or_default();
    let of_date = || text.parse::<NaiveDate>().ok().map(|date| date.and_time(end_of_day).and_utc());
    let of_time = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    of_time().or_else(of_date).ok_or_else(|| {
        let message = "--at takes a date or a time, like 2026-03-31 or 2026-03-31T12:00:00Z.";
        Error::new(ErrorCode::Usage, message).field("at")
    })
}

fn document(entry: &Entry<'_>, at: Option<DateTime<Utc>>, promotion: &Promotion, billed: &Revision) -> Value {
    let prices: Vec<Value> = entry
        .leaves()
        .filter(costmap::Leaf::is_price)
        .map(|leaf| json!({ "field": leaf.path().to_string(), "price": leaf.contract_json(), "unit": leaf.unit() }))
        .collect();
    json!({
        "model": entry.name(),
        "alias_of": entry.stands_for(),
        "at": at,
        "revision": billed,
        "promoted_at": promotion.promoted_at,
        "provider": entry.provider(),
        "mode": entry.mode(),
        "prices": prices,
    })
}

fn text(screen: &Screen, entry: &Entry<'_>, promotion: &Promotion, billed: &Revision) -> String {
    let about = [entry.provider(), entry.mode()].into_iter().flatten().map(|text| safe(&text)).collect::<Vec<_>>();
    let mut out = format!("{}  {}\n", paint(Tone::Strong, &safe(&entry.name())), about.join(", "));
    if let Some(target) = entry.stands_for() {
        out.push_str(&format!("alias of {}\n", safe(&target)));
    }
    out.push_str(&paint(
        Tone::Faint,
        &if [promotion.revision, promotion.upstream].contains(billed) {
            format!("as of revision {}, promoted {}", billed.short(), when::both(promotion.promoted_at, screen.now))
        } else {
            format!("as of revision {}", billed.short())
        },
    ));
    out.push_str("\n\n");
    let mut grid = Grid::new(screen, &[Head::Left("field"), Head::Right("USD"), Head::Left("")]);
    let mut priced = false;
    for leaf in entry.leaves().filter(costmap::Leaf::is_price) {
        priced = true;
        let unit: Unit = leaf.unit();
        let amount = leaf.decimal().map_or_else(|| leaf.text().to_owned(), |price| people::amount(price, unit));
        grid.row([cell(leaf.path().to_string()), cell(amount), toned(Tone::Faint, unit.for_people().1)]);
    }
    if priced { out + &grid.text() } else { out + "The map has no price for this model: its calls are billed at $0." }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::{pipe, plain};

    #[test]
    fn a_date_is_the_end_of_its_day() {
        let at = |text: &str| moment(text).unwrap().to_rfc3339();
        assert_eq!(at("2026-03-31"), "2026-03-31T23:59:59.999+00:00");
        assert_eq!(at("2026-03-31T12:00:00+02:00"), "2026-03-31T10:00:00+00:00");
        for bad in ["", "yesterday", "31.3.2026", "2026-13-01"] {
            assert_eq!(moment(bad).unwrap_err().code, ErrorCode::Usage, "{bad}");
        }
    }

    #[test]
    fn every_price_has_its_unit_also_nested_ones() {
        let map = CostMap::parse(
            r#"{"gpt": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2.5e-06,
                "search_context_cost_per_query": {"search_context_size_high": 0.03},
                "tiered_pricing": [{"range": [0, 1000], "input_cost_per_token": 4e-07}]}}"#,
        )
        .unwrap();
        let promotion = Promotion {
            revision: Revision::of(b"x"),
            upstream: Revision::of(b"x"),
            models: 1,
            promoted_at: "2026-03-04T10:00:00Z".parse().unwrap(),
            held_models: vec![],
            baseline: None,
            rejected: Vec::new(),
            taken: None,
            base: None,
            overlay: None,
            is_served: false,
        };
        let entry = map.get("gpt").unwrap();
        insta::assert_snapshot!(plain(&text(&pipe(), &entry, &promotion, &promotion.upstream)));
        insta::assert_json_snapshot!(document(&entry, None, &promotion, &promotion.upstream));
    }

    #[test]
    fn a_name_that_is_not_there_is_met_with_names_that_are() {
        let map = CostMap::parse(r#"{"openai/gpt-a": {}, "gpt-b": {}, "x": {}}"#).unwrap();
        assert!(unknown("GPT", &map).message.contains("openai/gpt-a, gpt-b"));
    }
}
