//! Two years of real updates, oldest to newest. If this fails, a user either has good updates held back, or is not told
//! of the kind of mistake that LiteLLM has really shipped.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use costmap::{CheckReport, CostMap, Finding, Severity, Verdict, check_bytes, diff, held_models};

use crate::real_map;

/// One update: the report on the newer map, and what differs.
struct Update {
    title: String,
    report: CheckReport,
    shrink: f64,
    gone: f64,
}

/// What two years add up to.
#[derive(Default)]
struct Totals {
    new_models: usize,
    removed_models: usize,
    prices_changed: usize,
    modes: usize,
}

/// The releases of `releases.txt`; all of them with `cargo xtask test --long`.
fn releases() -> Vec<String> {
    xtask::maps::releases(is_long()).unwrap()
}

fn is_long() -> bool {
    std::env::var_os("AUTOSYNC_TEST_LONG").is_some()
}

fn replay(releases: &[String]) -> (Vec<Update>, Totals) {
    let mut updates = Vec::new();
    let mut totals = Totals::default();
    let mut before: Option<(&String, CostMap)> = None;
    for release in releases {
        let (report, map) = check_bytes(real_map(release), before.as_ref().map(|(_, map)| map));
        let Some(map) = map else { panic!("the map of {release} is no map: {:?}", report.findings) };
        if let Some((older, old)) = &before {
            let changes = diff(old, &map);
            totals.new_models += changes.counts.new_models;
            totals.removed_models += changes.counts.removed_models;
            totals.modes += changes.counts.mode_changes;
            let both =
                changes.pricing_changes.iter().filter(|change| change.before.is_some() && change.after.is_some());
            totals.prices_changed += both.count();
            let share = |models: usize| models as f64 / old.len() as f64;
            updates.push(Update {
                title: format!("{older} to {release}"),
                report,
                shrink: share(old.len().saturating_sub(map.len())),
                gone: share(changes.counts.removed_models),
            });
        }
        before = Some((release, map));
    }
    (updates, totals)
}

fn reviews(update: &Update) -> impl Iterator<Item = &Finding> {
    update.report.findings.iter().filter(|finding| finding.severity == Severity::Review)
}

#[test]
fn no_real_update_is_ever_held() {
    let releases = releases();
    assert!(releases.len() > 40, "only {} releases in releases.txt", releases.len());
    for update in replay(&releases).0 {
        assert_ne!(update.report.verdict, Verdict::Held, "{}: {:?}", update.title, update.report.findings[0]);
    }
}

/// Findings, models they name, updates they are in.
type Counts = (usize, usize, usize);

/// A rule, what was measured before the rules were written (fields/models/updates), what the rules find, and why they
/// differ. The measurement used another choice of weekly releases; it is not known to the day.
const TABLE: [(&str, &str, Counts, &str); 19] = [
    ("price.per_token_too_high", "49/30/3", (49, 30, 3), ""),
    ("price.per_unit_too_high", "3/1/1", (3, 1, 1), ""),
    (
        "peer.far_above_peers",
        "46/24/3",
        (36, 19, 3),
        "The same three updates. Names are compared by letters and digits only, prices by input and output; the measurement matched five more watsonx models by looser names.",
    ),
    (
        "region.far_from_base",
        "6/5/3",
        (16, 9, 6),
        "The 6/5/3 are among them (Haiku EU, Nova 2 Lite, Sonnet 4.5 US). Also looked at here: regions in the path (bedrock/us-gov-west-1/…) and every price, not only input and output.",
    ),
    ("price.output_below_input", "8/8/7", (8, 8, 7), ""),
    ("price.cache_read_above_input", "1/1/1", (1, 1, 1), ""),
    (
        "tier.surcharge_below_base",
        "6/3/1",
        (9, 5, 3),
        "The 6/3/1 are among them (fast/claude-opus-4-6). Also looked at here: every price field, and 0 above N tokens.",
    ),
    ("tier.discount_above_base", "in the row above", (0, 0, 0), ""),
    ("jump.to_zero", "2/2/2", (2, 2, 2), ""),
    ("jump.up", "28/20/8", (28, 20, 8), ""),
    (
        "provider.vanished",
        "3 updates, with the next row",
        (496, 496, 1),
        "openrouter in 1.106.3. One finding a model, so that each keeps its entry.",
    ),
    ("provider.lost_most", "in the row above", (32, 32, 2), ""),
    ("names.given_twice", "15 keys/7 updates", (15, 15, 7), ""),
    (
        "names.field_given_twice",
        "not measured",
        (2, 2, 1),
        "A field given twice within one entry; it counts the same way for the user.",
    ),
    ("names.differ_by_case", "1 pair", (1, 1, 1), ""),
    ("entry.no_mode", "5 models", (5, 5, 2), ""),
    ("entry.chat_limit_zero", "4 models", (12, 4, 1), ""),
    ("entry.bad_date", "2 models", (2, 2, 1), ""),
    ("multiplier.out_of_range", "not measured", (0, 0, 0), "Every multiplier was 1.1 or 2 so far."),
];

#[test]
fn the_review_rules_speak_as_often_as_was_measured() {
    let (updates, _) = replay(&releases());
    let mut found: BTreeMap<&str, (usize, BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for update in &updates {
        for finding in reviews(update) {
            let (fields, models, where_found) = found.entry(&finding.rule).or_default();
            *fields += 1;
            models.extend(finding.model.as_deref());
            where_found.insert(&update.title);
        }
    }
    let mut differences = String::new();
    for (rule, measured, expected, _) in TABLE {
        let (fields, models, updates) = found.remove(rule).unwrap_or_default();
        let now = (fields, models.len(), updates.len());
        if now != expected {
            writeln!(differences, "{rule}: found {now:?}, expected {expected:?}; measured were {measured}").unwrap();
        }
    }
    for (rule, (fields, ..)) in found {
        writeln!(differences, "{rule}: {fields} findings; the table does not have this rule").unwrap();
    }
    assert_eq!(differences, "");
}

/// What the user is bothered with in two years: as measured, a third of the updates and about a hundred models.
#[test]
fn the_review_rules_speak_in_a_third_of_the_updates_about_a_hundred_models() {
    let (updates, _) = replay(&releases());
    // The models of a provider that left are one question, whatever their number.
    let left = |finding: &&Finding| finding.rule.starts_with("provider.");
    let models: BTreeSet<_> = updates
        .iter()
        .flat_map(|update| reviews(update).filter(|f| !left(f)))
        .filter_map(|f| f.model.as_ref())
        .collect();
    let speaking = updates.iter().filter(|update| reviews(update).next().is_some()).count();
    // Measured: 33 and about 103. One update more by the wider region and tier rules.
    assert_eq!((speaking, models.len()), (34, 104));
}

/// Only with every release: a shorter list joins several weeks into one update.
#[test]
fn two_years_add_up_to_what_was_measured() {
    if !is_long() {
        return;
    }
    let (updates, totals) = replay(&releases());
    assert_eq!(updates.len(), 95);
    // Measured: +5015, -1154, 2251 and 73; the rest is the other choice of releases.
    assert_eq!((totals.new_models, totals.removed_models, totals.prices_changed, totals.modes), (5014, 1153, 2254, 73));
    let most = |share: fn(&Update) -> f64| updates.iter().map(share).fold(0.0, f64::max) * 100.0;
    assert!((5.9..6.1).contains(&most(|update| update.shrink)), "the largest shrink was measured as 6.0 %");
    assert!((11.1..11.3).contains(&most(|update| update.gone)), "the largest removal was measured as 11.2 %");
}

/// Mistakes that LiteLLM really shipped, and that cost users money: each is found in the update that brought it.
#[test]
fn each_known_mistake_is_found_when_it_arrives() {
    let (updates, _) = replay(&releases());
    let to = |release: &str| updates.iter().find(|update| update.title.ends_with(&format!(" to {release}"))).unwrap();
    for (release, model, rule) in [
        ("1.64.1", "gpt-4o-mini-2024-07-18", "price.per_unit_too_high"),
        ("1.77.5", "wandb/deepseek-ai/DeepSeek-R1-0528", "price.per_token_too_high"),
        ("1.78.0", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "region.far_from_base"),
        ("1.78.0", "watsonx/openai/gpt-oss-120b", "peer.far_above_peers"),
        ("1.75.5.post1", "oci/xai.grok-4", "price.output_below_input"),
    ] {
        let update = to(release);
        let found = reviews(update).any(|finding| finding.rule == rule && finding.model.as_deref() == Some(model));
        assert!(found, "{release}: {rule} did not find {model}");
        assert!(held_models(&update.report).iter().any(|held| held == model), "{model} keeps its old price");
    }
}

#[test]
fn what_each_update_shows_changes_only_with_the_rules() {
    let (updates, _) = replay(&releases());
    let mut text = String::new();
    for update in &updates {
        writeln!(text, "{}: {} models, {:?}", update.title, update.report.models, update.report.verdict).unwrap();
        let mut left = BTreeMap::new();
        for finding in &update.report.findings {
            let many = finding.severity == Severity::Info || finding.rule.starts_with("provider.");
            if many && finding.rule != "schema.field_dropped" {
                *left.entry(&finding.rule).or_insert(0) += 1;
            } else {
                writeln!(text, "  {}: {}", finding.rule, finding.message).unwrap();
            }
        }
        for (rule, count) in left {
            writeln!(text, "  {rule}: {count} models").unwrap();
        }
    }
    insta::assert_snapshot!(if is_long() { "every_release" } else { "releases" }, text);
}
