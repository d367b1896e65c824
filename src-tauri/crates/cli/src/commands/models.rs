//! `autosync models`: what is priced, in the promoted map or in a proxy's live one.

use costmap::{CostMap, Entry, Served};
use engine::ledger::Ledger;
use engine::proxy::ProxyClient;
use engine::settings::DirectMode;
use engine::{Error, ErrorCode, Result};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::args::ModelsArgs;
use crate::context::Context;
use crate::output::changes::columns;
use crate::output::grid::{Grid, Head, cell, toned};
use crate::output::tone::Tone;
use crate::output::{Answer, Screen, count, safe};

/// One model, for programs.
#[derive(Serialize)]
struct Row {
    model: String,
    /// The model that it is another name for.
    #[serde(skip_serializing_if = "Option::is_none")]
    alias_of: Option<String>,
    provider: Option<String>,
    mode: Option<String>,
    max_input_tokens: Option<Value>,
    max_output_tokens: Option<Value>,
    deprecation_date: Option<Value>,
    /// Every price of the entry by its path, in USD per unit.
    prices: Map<String, Value>,
}

pub(super) async fn run(context: &Context, args: &ModelsArgs) -> Result<Answer> {
    let (origin, map) = if let Some(name) = &args.proxy {
        (format!("live in {}", safe(name)), Some(live(context, name).await?))
    } else {
        let direct = context.settings()?.settings.gate.direct;
        ("promoted".to_owned(), promoted(context.ledger().await?.as_ref(), direct).await?)
    };
    // A file is read as what proxies price by it; what a proxy serves is shown as it is.
    let served = if args.proxy.is_some() { Served::Bare } else { Served::Rows };
    let all: Vec<Entry<'_>> = map.iter().flat_map(|map| map.served(served)).collect();
    let found: Vec<Entry<'_>> = all.iter().filter(|entry| matches(args, entry)).copied().collect();
    let document = || {
        let rows: Vec<Row> = found.iter().map(row).collect();
        // The live map is not a file, so its bytes have no revision that means anything.
        let revision = map.as_ref().filter(|_| args.proxy.is_none()).map(CostMap::revision);
        json!({ "origin": if args.proxy.is_some() { "live" } else { "promoted" }, "proxy": args.proxy, "revision": revision, "models": rows })
    };
    let document = if context.screen.json { document() } else { Value::Null };
    Answer::new(&context.screen, &document, || match &map {
        None => "No map has been promoted yet. `autosync sync` fetches and checks the first one.".to_owned(),
        Some(_) => text(&context.screen, &found, all.len(), &origin),
    })
}

/// The map by which proxies bill.
pub(super) async fn promoted(ledger: Option<&Ledger>, direct: DirectMode) -> Result<Option<CostMap>> {
    let Some(ledger) = ledger else { return Ok(None) };
    let Some(promotion) = ledger.promoted().await? else { return Ok(None) };
    kept(ledger, &promotion.billed(direct)).await.map(Some)
}

/// A map that the ledger must have.
pub(super) async fn kept(ledger: &Ledger, revision: &costmap::Revision) -> Result<CostMap> {
    let missing = |detail: &str| {
        Error::new(ErrorCode::Ledger, format!("The map {} in the ledger cannot be read.", revision.short()))
            .detail(detail)
    };
    let bytes = ledger.map(revision).await?.ok_or_else(|| missing("it is missing"))?;
    CostMap::parse(bytes).map_err(|fault| missing(&fault.to_string()))
}

async fn live(context: &Context, name: &str) -> Result<CostMap> {
    let chosen = context.settings()?;
    let proxy = chosen.settings.proxy(name)?;
    // From 1.80.9 on the live map needs no key.
    let key = context.secrets()?.key_for(proxy, &*Context::environment()).await.ok();
    let bytes = ProxyClient::of(proxy, key)?.live_map().await?;
    CostMap::parse(bytes).map_err(|fault| {
        Error::new(ErrorCode::LiveMapBroken, format!("The live map of {} isn't a valid cost map.", safe(name)))
            .detail(fault)
    })
}

fn matches(args: &ModelsArgs, entry: &Entry<'_>) -> bool {
    let has = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
    let is = |value: Option<std::borrow::Cow<'_, str>>, wanted: &str| {
        value.is_some_and(|value| value.eq_ignore_ascii_case(wanted))
    };
    let is_named =
        |wanted: &String| has(&entry.name(), wanted) || entry.stands_for().is_some_and(|target| has(&target, wanted));
    args.search.as_ref().is_none_or(is_named)
        && args.provider.as_ref().is_none_or(|wanted| is(entry.provider(), wanted))
        && args.mode.as_ref().is_none_or(|wanted| is(entry.mode(), wanted))
}

fn row(entry: &Entry<'_>) -> Row {
    let field = |name: &str| entry.field(name).map(|leaf| leaf.contract_json());
    let prices = entry.leaves().filter(costmap::Leaf::is_price);
    Row {
        model: entry.name().into_owned(),
        alias_of: entry.stands_for().map(Into::into),
        provider: entry.provider().map(Into::into),
        mode: entry.mode().map(Into::into),
        max_input_tokens: field("max_input_tokens"),
        max_output_tokens: field("max_output_tokens"),
        deprecation_date: field("deprecation_date"),
        prices: prices.map(|leaf| (leaf.path().to_string(), leaf.contract_json())).collect(),
    }
}

fn text(screen: &Screen, found: &[Entry<'_>], all: usize, origin: &str) -> String {
    if found.is_empty() {
        return format!("None of {} ({origin}) match. Remove a filter to see more.", count(all, "model"));
    }
    let heads = [
        Head::Left("model"),
        Head::Left("provider"),
        Head::Left("mode"),
        Head::Right("context"),
        Head::Right("input"),
        Head::Right("output"),
        Head::Left("other"),
    ];
    let mut grid = Grid::new(screen, &heads);
    for entry in found {
        let [provider, mode, input, output, other] = columns(Some(*entry));
        let context = entry.field("max_input_tokens").and_then(|leaf| leaf.decimal());
        let context = context.and_then(|limit| usize::try_from(limit).ok()).map(costmap::people::thousands);
        let name = match entry.stands_for() {
            Some(target) => format!("{} → {target}", entry.name()),
            None => entry.name().into_owned(),
        };
        grid.row([
            cell(name),
            toned(Tone::Faint, provider),
            toned(Tone::Faint, mode),
            cell(context.unwrap_or_default()),
            cell(input),
            cell(output),
            cell(other),
        ]);
    }
    let shown = if found.len() == all { String::new() } else { format!(" of {}", costmap::people::thousands(all)) };
    grid.text() + &format!("{}{shown}, {origin}. Prices in USD per 1M tokens.", count(found.len(), "model"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::{pipe, plain};

    const MAP: &str = r#"{
        "gpt-a": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2.5e-06,
            "output_cost_per_token": 1e-05, "max_input_tokens": 128000.0},
        "painter": {"litellm_provider": "azure", "mode": "image_generation", "input_cost_per_token": 0,
            "output_cost_per_image": 0.04}
    }"#;

    fn args(search: Option<&str>, provider: Option<&str>) -> ModelsArgs {
        ModelsArgs { search: search.map(Into::into), provider: provider.map(Into::into), mode: None, proxy: None }
    }

    #[test]
    fn models_are_found_by_name_and_provider() {
        let map = CostMap::parse(MAP).unwrap();
        let names = |args: &ModelsArgs| {
            map.models().filter(|entry| matches(args, entry)).map(|entry| entry.name().into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(&args(None, None)), ["gpt-a", "painter"]);
        assert_eq!(names(&args(Some("GPT"), None)), ["gpt-a"]);
        assert_eq!(names(&args(None, Some("Azure"))), ["painter"]);
        assert_eq!(names(&args(Some("gpt"), Some("azure"))), [""; 0]);
    }

    #[test]
    fn prices_are_told_per_million_tokens_or_in_their_own_unit() {
        let map = CostMap::parse(MAP).unwrap();
        let found: Vec<Entry<'_>> = map.models().collect();
        insta::assert_snapshot!(plain(&text(&pipe(), &found, 2, "promoted")));
    }
}
