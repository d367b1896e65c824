//! A change set for people: counts first, then a table for each kind.

use costmap::people::thousands;
use costmap::{AliasChange, ChangeCounts, ChangeSet, CostMap, Entry, FieldChange, Unit, people};

use super::change::{self, Shown};
use super::grid::{Grid, Head, cell, toned};
use super::tone::{Tone, paint};
use super::{Screen, count, safe};

/// Rows of one kind that a terminal shows. A diff is asked for to be read, so this is generous; all are in the JSON.
const ROWS: usize = 200;

/// `autosync diff`.
pub(crate) fn text(screen: &Screen, set: &ChangeSet, new: &CostMap) -> String {
    let mut out = format!("{} → {}  {}\n", set.from, set.to, models(&set.counts));
    out.push_str(&format!("{}\n", summary(&set.counts)));
    for notice in &set.notices {
        out.push_str(&format!("{}\n", safe(&notice.message)));
    }
    section(&mut out, "New models", set.new_models.len(), || new_models(screen, &set.new_models, Some(new), ROWS));
    section(&mut out, "Removed models", set.removed_models.len(), || names(screen, &set.removed_models, ROWS));
    section(&mut out, "Price changes, USD", set.pricing_changes.len(), || prices(screen, &set.pricing_changes, ROWS));
    section(&mut out, "Aliases", set.alias_changes.len(), || aliases(screen, &set.alias_changes, ROWS));
    for (title, list) in other_lists(set) {
        section(&mut out, title, list.len(), || fields(screen, list, ROWS));
    }
    out
}

/// `autosync diff --format markdown`: for an issue or a pull request.
pub(crate) fn markdown(set: &ChangeSet, new: &CostMap) -> String {
    let mut out =
        format!("`{}` → `{}`: {}\n\n{}\n", set.from.short(), set.to.short(), models(&set.counts), summary(&set.counts));
    for notice in &set.notices {
        out.push_str(&format!("\n> {}\n", escaped(&notice.message)));
    }
    if !set.new_models.is_empty() {
        out.push_str(
            "\n### New models\n\n| model | provider | mode | input | output | other |\n|---|---|---|---:|---:|---|\n",
        );
        for name in &set.new_models {
            let [provider, mode, input, output, other] = columns(new.priced(name));
            out.push_str(&row(&[code(name), escaped(&provider), escaped(&mode), input, output, other]));
        }
    }
    if !set.removed_models.is_empty() {
        out.push_str("\n### Removed models\n\n");
        set.removed_models.iter().for_each(|name| out.push_str(&format!("- {}\n", code(name))));
    }
    if !set.pricing_changes.is_empty() {
        out.push_str(
            "\n### Price changes, USD\n\n| model | field | before | after | change | |\n|---|---|---:|---:|---|---|\n",
        );
        for change in changed_first(&set.pricing_changes) {
            let Shown { before, after, change: relation, per, .. } = change::of_price(change);
            out.push_str(&row(&[
                code(&change.model),
                code(&change.field),
                escaped(&before),
                escaped(&after),
                relation,
                per.into(),
            ]));
        }
    }
    if !set.alias_changes.is_empty() {
        out.push_str("\n### Aliases\n\n| alias | stood for | stands for | effect |\n|---|---|---|---|\n");
        for change in &set.alias_changes {
            let name = |name: &Option<String>| name.as_deref().map_or_else(|| "—".to_owned(), code);
            out.push_str(&row(&[
                code(&change.model),
                name(&change.before),
                name(&change.after),
                escaped(&effect(change)),
            ]));
        }
    }
    for (title, list) in other_lists(set).into_iter().filter(|(_, list)| !list.is_empty()) {
        out.push_str(&format!("\n### {title}\n\n| model | field | before | after |\n|---|---|---:|---:|\n"));
        for change in list {
            let Shown { before, after, .. } = change::of_field(change);
            out.push_str(&row(&[code(&change.model), code(&change.field), escaped(&before), escaped(&after)]));
        }
    }
    out
}

/// `3,921 → 3,925 models`.
fn models(counts: &ChangeCounts) -> String {
    format!("{} → {}", thousands(counts.models_before), count(counts.models_after, "model"))
}

/// `5 new models, 12 price changes`; what is zero is left out.
pub(crate) fn summary(counts: &ChangeCounts) -> String {
    let parts: Vec<String> = [
        (counts.new_models, "new model"),
        (counts.removed_models, "removed model"),
        (counts.pricing_changes, "price change"),
        (counts.multiplier_changes, "multiplier change"),
        (counts.hours_changes, "change of off-peak hours"),
        (counts.alias_changes, "alias change"),
        (counts.limit_changes, "limit change"),
        (counts.provider_changes, "provider change"),
        (counts.mode_changes, "mode change"),
        (counts.capability_changes, "capability change"),
        (counts.deprecation_changes, "deprecation change"),
        (counts.other_changes, "other change"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| count(number, what))
    .collect();
    if parts.is_empty() { "No changes between these maps.".to_owned() } else { parts.join(", ") }
}

/// Models with what they cost, as far as the map is at hand.
pub(crate) fn new_models(screen: &Screen, names: &[String], map: Option<&CostMap>, most: usize) -> String {
    let Some(map) = map else { return self::names(screen, names, most) };
    let heads = [
        Head::Left("model"),
        Head::Left("provider"),
        Head::Left("mode"),
        Head::Right("input/1M"),
        Head::Right("output/1M"),
        Head::Left("other"),
    ];
    let mut grid = Grid::new(screen, &heads);
    for name in names.iter().take(most) {
        let [provider, mode, input, output, other] = columns(map.priced(name));
        grid.row([cell(name), cell(provider), cell(mode), cell(input), cell(output), cell(other)]);
    }
    grid.text() + &rest(names.len(), most)
}

/// Only names.
pub(crate) fn names(screen: &Screen, names: &[String], most: usize) -> String {
    let mut grid = Grid::new(screen, &[Head::Left("")]);
    names.iter().take(most).for_each(|name| grid.row([cell(name)]));
    grid.text() + &rest(names.len(), most)
}

/// Price fields with both values and the change.
pub(crate) fn prices(screen: &Screen, changes: &[FieldChange], most: usize) -> String {
    let heads = [
        Head::Left("model"),
        Head::Left("field"),
        Head::Right("before"),
        Head::Right("after"),
        Head::Left(""),
        Head::Left("change"),
    ];
    let mut grid = Grid::new(screen, &heads);
    for change in changed_first(changes).take(most) {
        let Shown { before, after, change: relation, tone, per } = change::of_price(change);
        grid.row([
            cell(&change.model),
            cell(&change.field),
            toned(Tone::Faint, before),
            toned(Tone::Strong, after),
            toned(Tone::Faint, per),
            toned(tone, relation),
        ]);
    }
    grid.text() + &rest(changes.len(), most)
}

/// Prices that moved, then prices that came or went: what people pay changes with the first.
fn changed_first(changes: &[FieldChange]) -> impl Iterator<Item = &FieldChange> {
    let moved = |change: &&FieldChange| change.before.is_some() && change.after.is_some();
    changes.iter().filter(moved).chain(changes.iter().filter(move |change| !moved(change)))
}

/// Other names with what they stood for, what they stand for now, and what that does to the two main prices.
pub(crate) fn aliases(screen: &Screen, changes: &[AliasChange], most: usize) -> String {
    let heads = [Head::Left("alias"), Head::Left("stood for"), Head::Left("stands for"), Head::Left("effect")];
    let mut grid = Grid::new(screen, &heads);
    for change in changes.iter().take(most) {
        let name = |name: &Option<String>| name.as_deref().map_or_else(|| "—".to_owned(), safe);
        grid.row([
            cell(&change.model),
            toned(Tone::Faint, name(&change.before)),
            toned(Tone::Strong, name(&change.after)),
            cell(effect(change)),
        ]);
    }
    grid.text() + &rest(changes.len(), most)
}

/// `input 5.00 → 4.00 ▼ −20.0%, context 200,000 → 1,000,000`: what people look at first.
fn effect(change: &AliasChange) -> String {
    const SHOWN: usize = 3;
    let weight = |field: &str| {
        ["input_cost_per_token", "output_cost_per_token", "max_input_tokens"]
            .iter()
            .position(|known| *known == field)
            .unwrap_or(usize::MAX)
    };
    let mut effects: Vec<&FieldChange> = change.effects.iter().collect();
    effects.sort_by_key(|effect| weight(&effect.field));
    let told = effects.iter().take(SHOWN).map(|effect| {
        let is_price = people::price(effect.after.as_ref().or(effect.before.as_ref()).unwrap_or_default()).is_some();
        let shown = if is_price { change::of_price(effect) } else { change::of_field(effect) };
        let what = people::label(&effect.field).to_lowercase();
        format!("{what} {} → {} {}", shown.before, shown.after, shown.change).trim_end().to_owned()
    });
    let mut told: Vec<String> = told.collect();
    if effects.len() > SHOWN {
        told.push(format!("{} more", effects.len() - SHOWN));
    }
    told.join(", ")
}

pub(crate) fn fields(screen: &Screen, changes: &[FieldChange], most: usize) -> String {
    let heads = [Head::Left("model"), Head::Left("field"), Head::Right("before"), Head::Right("after"), Head::Left("")];
    let mut grid = Grid::new(screen, &heads);
    for change in changes.iter().take(most) {
        let Shown { before, after, change: relation, .. } = change::of_field(change);
        let values = [toned(Tone::Faint, before), toned(Tone::Strong, after), cell(relation)];
        grid.row([cell(&change.model), cell(&change.field)].into_iter().chain(values));
    }
    grid.text() + &rest(changes.len(), most)
}

/// Provider, mode, the two prices per million tokens, and another price where there are no such two.
pub(crate) fn columns(entry: Option<Entry<'_>>) -> [String; 5] {
    let Some(entry) = entry else { return Default::default() };
    let token_price = |field: &str| {
        let price = entry.field(field).and_then(|leaf| leaf.decimal());
        price.map(|price| people::amount(price, Unit::Token)).unwrap_or_default()
    };
    let (input, output) = (token_price("input_cost_per_token"), token_price("output_cost_per_token"));
    let is_other = |unit: Unit| !matches!(unit, Unit::Token | Unit::ThousandTokens);
    let zero_tokens = |shown: &str| shown.is_empty() || shown == "0.00";
    let other = entry
        .leaves()
        .filter(|leaf| leaf.is_price() && is_other(leaf.unit()))
        .find_map(|leaf| Some((leaf.decimal().filter(|price| !price.is_zero())?, leaf.unit())))
        .filter(|_| zero_tokens(&input) && zero_tokens(&output))
        .map(|(price, unit)| format!("{} {}", people::amount(price, unit), unit.for_people().1));
    let text = |value: Option<std::borrow::Cow<'_, str>>| value.map(|text| safe(&text)).unwrap_or_default();
    [text(entry.provider()), text(entry.mode()), input, output, other.unwrap_or_default()]
}

fn other_lists(set: &ChangeSet) -> [(&'static str, &Vec<FieldChange>); 8] {
    [
        ("Multipliers", &set.multiplier_changes),
        ("Off-peak hours", &set.hours_changes),
        ("Limits", &set.limit_changes),
        ("Providers", &set.provider_changes),
        ("Modes", &set.mode_changes),
        ("Capabilities", &set.capability_changes),
        ("Retirement", &set.deprecation_changes),
        ("Other fields", &set.other_changes),
    ]
}

fn section(out: &mut String, title: &str, number: usize, table: impl FnOnce() -> String) {
    if number > 0 {
        out.push_str(&format!("\n{}\n{}", paint(Tone::Strong, &format!("{title} ({})", thousands(number))), table()));
    }
}

/// The line that says what is not shown.
pub(crate) fn rest(all: usize, most: usize) -> String {
    if all > most { format!("… and {} more; --json lists all\n", thousands(all - most)) } else { String::new() }
}

fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// A hostile name must not begin a table cell, a link or markup of its own.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in safe(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' | '#' => out.push_str(&format!("&#{};", u32::from(character))),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '!' | '~' => {
                out.push('\\');
                out.push(character);
            }
            _ => out.push(character),
        }
    }
    out
}

fn code(text: &str) -> String {
    let text = safe(text);
    if text.contains(['`', '|', '\\']) { escaped(&text) } else { format!("`{text}`") }
}

#[cfg(test)]
mod tests {
    use costmap::diff;

    use super::super::tests::{pipe, plain};
    use super::*;

    fn maps() -> (CostMap, CostMap) {
        let old = r#"{
            "sample_spec": {"mode": "chat"},
            "gpt-a": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2.5e-06,
                "output_cost_per_token": 1e-05, "max_input_tokens": 128000},
            "gone": {"litellm_provider": "openai", "mode": "chat"}
        }"#;
        let new = r#"{
            "gpt-a": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 3e-06,
                "output_cost_per_token": 8e-06, "max_input_tokens": 256000.0, "supports_vision": true},
            "painter": {"litellm_provider": "openai", "mode": "image_generation", "output_cost_per_image": 0.04},
            "evil|`<b>\u001b[2J": {"litellm_provider": "x", "mode": "chat", "input_cost_per_token": 0}
        }"#;
        (CostMap::parse(old).unwrap(), CostMap::parse(new).unwrap())
    }

    #[test]
    fn a_change_set_reads_like_a_letter() {
        let (old, new) = maps();
        insta::assert_snapshot!(plain(&text(&pipe(), &diff(&old, &new), &new)));
    }

    #[test]
    fn markdown_is_a_table_that_no_name_can_break() {
        let (old, new) = maps();
        insta::assert_snapshot!(markdown(&diff(&old, &new), &new));
    }

    #[test]
    fn equal_maps_have_no_changes() {
        let (_, new) = maps();
        assert!(text(&pipe(), &diff(&new, &new), &new).ends_with("No changes between these maps.\n"));
    }
}
