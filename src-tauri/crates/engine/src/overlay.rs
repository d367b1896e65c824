//! The overlay: the user's own entries, in `overlay.json` in the home. They are laid over what is promoted, so proxies that
//! read the gateway bill by them. Beside each stands what upstream has, and whether that moved since it was saved.

mod file;

use std::collections::{BTreeMap, HashSet};

use costmap::check::check_bytes;
use costmap::{CostMap, Entry, Finding, LeafKind, LeftOut, Revision, Severity, overlaid};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::bounded;
use crate::ledger::Ledger;
use crate::{Error, ErrorCode, Result};
pub use file::{OverlayEdit, json_value};
pub(crate) use file::{OverlayFile, or_empty};
use file::{read, text};

/// More own entries than anybody has; the file stays readable.
const MOST: usize = 2_000;

/// Where the ledger keeps the last text that could be used, for a file that somebody is still typing.
const GOOD_KEY: &str = "overlay.good";

/// Where it keeps what upstream had when each entry was saved.
const SEEN_KEY: &str = "overlay.seen";

/// The user's own entries, as they are used.
#[derive(Debug, Default)]
pub struct Overlay {
    map: Option<CostMap>,
}

impl Overlay {
    /// Reads the text of the file.
    ///
    /// # Errors
    /// `invalid_overlay` where it is no JSON object, has an entry that is no object, or too many.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = |why: &dyn std::fmt::Display| {
            let message = format!("The file overlay.json can't be used: {why}. Your last good overlay still applies.");
            Error::new(ErrorCode::InvalidOverlay, message).field("overlay")
        };
        let map = CostMap::parse(text).map_err(|fault| bad(&fault))?;
        if map.len() > MOST {
            return Err(bad(&format_args!("it has over {MOST} entries")));
        }
        if let Some(entry) = map.entries().find(|entry| !entry.is_object()) {
            return Err(bad(&format_args!("the entry {} is no object", bounded(&entry.name(), 160))));
        }
        Ok(Self { map: (!map.is_empty()).then_some(map) })
    }

    /// The entries as a map; `None` where there are none.
    pub fn map(&self) -> Option<&CostMap> {
        self.map.as_ref()
    }

    /// What a promotion names it by.
    pub fn revision(&self) -> Option<Revision> {
        self.map.as_ref().map(CostMap::revision)
    }

    /// An own entry.
    pub fn get(&self, model: &str) -> Option<Entry<'_>> {
        self.map.as_ref()?.get(model)
    }

    fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.map.iter().flat_map(CostMap::models)
    }

    /// The map with the own entries in it, less those by which nothing could be priced: what is wrong with one is told
    /// beside it, and the others count. `None` without own entries.
    pub fn over(&self, base: &CostMap) -> Option<Vec<u8>> {
        let own = self.map.as_ref()?;
        let broken = problems(self, base);
        if broken.is_empty() {
            return Some(overlaid(base, own).bytes);
        }
        let kept = self.entries().filter(|entry| !broken.contains_key(&*entry.name()));
        let text = text(kept.map(|entry| (entry.name().into_owned(), entry.raw().to_owned())));
        Some(overlaid(base, &CostMap::parse(text).ok()?).bytes)
    }
}

/// One own entry, with upstream beside it: `overlay list` of the contract.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OwnEntry {
    /// The model.
    pub model: String,
    /// What the user has set, as it was typed.
    pub entry: Box<RawValue>,
    /// What upstream says of the same fields.
    pub upstream: Upstream,
    /// Upstream says another thing than when the entry was saved.
    pub moved: bool,
    /// Each field of it, with upstream's value.
    pub fields: Vec<OwnField>,
    /// Why it is not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// One field of an own entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnField {
    /// Its path.
    pub field: String,
    /// The user's value, as JSON text.
    pub value: String,
    /// Upstream's; null where it has none.
    pub upstream: Option<String>,
}

/// What upstream says of the fields of an own entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Upstream {
    /// It has no such model.
    Absent,
    /// Something else.
    Differs,
    /// The same: the own entry is needed no more.
    Same,
}

/// What upstream had when an entry was saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SeenEntry {
    own: String,
    upstream: Option<BTreeMap<String, Option<String>>>,
}

type Seen = BTreeMap<String, SeenEntry>;

/// What the checks would ask about a change that is only typed; nothing is saved.
///
/// # Errors
/// `invalid_overlay` where it could not be saved; the ledger's.
pub async fn warnings(home: &crate::home::Home, ledger: &Ledger, edit: &OverlayEdit) -> Result<Vec<String>> {
    let base = base(ledger).await?;
    let (model, after, _) = OverlayFile::new(home).edited(edit, base.as_deref())?;
    let (Some(base), Some(own)) = (base, after.map()) else { return Ok(Vec::new()) };
    let (report, _) = check_bytes(overlaid(&base, own).bytes, Some(&*base));
    let is_asked = |finding: &Finding| {
        finding.severity == Severity::Review && !finding.broken && finding.model.as_deref() == Some(model.as_str())
    };
    Ok(report.findings.into_iter().filter(is_asked).map(|finding| finding.message).collect())
}

/// What own entries are laid over now.
///
/// # Errors
/// The ledger's.
pub async fn base(ledger: &Ledger) -> Result<Option<std::sync::Arc<CostMap>>> {
    match ledger.newest().await? {
        Some((_, promotion)) => crate::sync::parsed(ledger, &promotion.without_overlay()).await,
        None => Ok(None),
    }
}

/// The overlay of this home, for programs that only read.
///
/// # Errors
/// The file's, and the ledger's.
pub async fn own_entries(home: &crate::home::Home, ledger: Option<&Ledger>) -> Result<(Vec<OwnEntry>, Option<Error>)> {
    let Some(ledger) = ledger else {
        let text = read(&home.overlay())?;
        let overlay = Overlay::parse(or_empty(&text))?;
        return Ok((entries(&overlay, None, &Seen::new()), None));
    };
    let (overlay, error) = OverlayFile::new(home).current(ledger).await?;
    let seen = ledger.get_state::<Seen>(SEEN_KEY).await?.unwrap_or_default();
    let upstream = match ledger.newest().await? {
        Some((_, promotion)) if overlay.map().is_some() => {
            crate::sync::parsed(ledger, &promotion.without_overlay()).await?
        }
        _ => None,
    };
    Ok((entries(&overlay, upstream.as_deref(), &seen), error))
}

/// Notes what upstream has beside entries that are new or were typed anew, and the text as one that can be used. An entry
/// in `keep` is noted as it is now.
pub(crate) async fn note(ledger: &Ledger, overlay: &Overlay, base: &CostMap, keep: Option<&str>) -> Result<()> {
    let mut seen = ledger.get_state::<Seen>(SEEN_KEY).await?.unwrap_or_default();
    let before = seen.clone();
    let names: HashSet<String> = overlay.entries().map(|entry| entry.name().into_owned()).collect();
    seen.retain(|name, _| names.contains(name));
    for entry in overlay.entries() {
        let (name, own) = (entry.name().into_owned(), entry.raw());
        let is_kept = |seen: &SeenEntry| seen.own == own && keep != Some(name.as_str());
        if !seen.get(&name).is_some_and(is_kept) {
            let upstream = upstream_of(&entry, base);
            seen.insert(name, SeenEntry { own: own.to_owned(), upstream });
        }
    }
    if seen != before {
        ledger.set_state(SEEN_KEY, &seen).await?;
    }
    let text = overlay.map().map_or("{}", CostMap::text);
    if ledger.get_state::<String>(GOOD_KEY).await?.as_deref() != Some(text) {
        ledger.set_state(GOOD_KEY, text).await?;
    }
    Ok(())
}

fn entries(overlay: &Overlay, base: Option<&CostMap>, seen: &Seen) -> Vec<OwnEntry> {
    let problems = base.map(|base| problems(overlay, base)).unwrap_or_default();
    let one = |entry: Entry<'_>| {
        let model = entry.name().into_owned();
        let upstream = base.and_then(|base| upstream_of(&entry, base));
        let known = seen.get(&model).filter(|seen| seen.own == entry.raw());
        let fields = own_fields(&entry, upstream.as_ref());
        let is_same = |field: &OwnField| {
            field.upstream.as_deref() == Some(field.value.as_str())
                || (field.upstream.is_none() && field.value == "null")
        };
        Some(OwnEntry {
            entry: RawValue::from_string(entry.raw().to_owned()).ok()?,
            upstream: match &upstream {
                None => Upstream::Absent,
                Some(_) if fields.iter().all(is_same) => Upstream::Same,
                Some(_) => Upstream::Differs,
            },
            moved: base.is_some() && known.is_some_and(|seen| seen.upstream != upstream),
            fields,
            problem: problems.get(&model).cloned(),
            model,
        })
    };
    overlay.entries().filter_map(one).collect()
}

fn own_fields(own: &Entry<'_>, upstream: Option<&BTreeMap<String, Option<String>>>) -> Vec<OwnField> {
    let one = |leaf: costmap::Leaf<'_>| {
        let field = leaf.path().to_string();
        let upstream = upstream.and_then(|upstream| upstream.get(&field).cloned().flatten());
        OwnField { value: value_of(&leaf), upstream, field }
    };
    own.leaves().map(one).collect()
}

/// What upstream has at each path of the own entry; `None` where it has no such model.
fn upstream_of(own: &Entry<'_>, base: &CostMap) -> Option<BTreeMap<String, Option<String>>> {
    let theirs = base.priced(&own.name())?;
    let theirs: BTreeMap<String, String> =
        theirs.leaves().map(|leaf| (leaf.path().to_string(), value_of(&leaf))).collect();
    let paths = own.leaves().map(|leaf| leaf.path().to_string());
    Some(paths.map(|path| (path.clone(), theirs.get(&path).cloned())).collect())
}

/// A value as JSON text; a number by what it is worth, however it is written.
fn value_of(leaf: &costmap::Leaf<'_>) -> String {
    match (leaf.kind(), leaf.decimal()) {
        (LeafKind::Number, Some(number)) => costmap::plain(number),
        (LeafKind::String | LeafKind::EscapedString, _) => format!("\"{}\"", leaf.text()),
        _ => leaf.text().to_owned(),
    }
}

/// Own entries that cannot be used over this map, each with the reason.
fn problems(overlay: &Overlay, base: &CostMap) -> BTreeMap<String, String> {
    let Some(own) = overlay.map() else { return BTreeMap::new() };
    let laid = overlaid(base, own);
    let why = |(model, why): (String, LeftOut)| {
        let name = bounded(&model, 160);
        let text = match why {
            LeftOut::NotAnObject => format!("The entry of {name} is no object."),
            LeftOut::NotWhole => format!(
                "Upstream has no model {name}, and your entry isn't a whole one: it needs litellm_provider, mode and prices."
            ),
            LeftOut::CannotMerge => {
                format!("Upstream's entry of {name} is damaged, so your fields can't be merged with it.")
            }
        };
        (model, text)
    };
    let mut all: BTreeMap<String, String> = laid.left_out.into_iter().map(why).collect();
    let (report, _) = check_bytes(laid.bytes, Some(base));
    let is_bad = |finding: &&Finding| finding.broken || finding.severity == Severity::Hold;
    for finding in report.findings.iter().filter(is_bad) {
        let Some(model) = finding.model.as_ref().filter(|model| own.get(model).is_some()) else { continue };
        all.entry(model.clone()).or_insert_with(|| finding.message.clone());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::ledger;

    const BASE: &str = r#"{"gpt": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 4e-06}}"#;

    fn base(price: &str) -> CostMap {
        CostMap::parse(BASE.replacen("1e-06", price, 1)).unwrap()
    }

    fn file() -> (tempfile::TempDir, OverlayFile) {
        let dir = tempfile::tempdir().unwrap();
        let file = OverlayFile { path: dir.path().join("overlay.json"), backups: dir.path().to_owned() };
        (dir, file)
    }

    fn set(model: &str, fields: &str, whole: bool) -> OverlayEdit {
        OverlayEdit::Set { model: model.to_owned(), fields: fields.to_owned(), whole }
    }

    #[test]
    fn an_entry_is_set_field_by_field_and_removed_again() {
        let (_dir, file) = file();
        let base = base("1e-06");
        let edit = |edit| file.edit(&edit, Some(&base)).map_err(|error| error.code);
        edit(set("gpt", r#"{"input_cost_per_token": 0.00000080}"#, false)).unwrap();
        edit(set("gpt", r#"{"output_cost_per_token": 2e-06}"#, false)).unwrap();
        edit(set("mine", r#"{"alias_of": "gpt"}"#, true)).unwrap();
        let wanted = "{\n  \"gpt\": {\"input_cost_per_token\": 0.00000080, \"output_cost_per_token\": 2e-06},\n  \"mine\": {\"alias_of\": \"gpt\"}\n}\n";
        assert_eq!(file.text().unwrap(), wanted);
        for (bad, code) in [
            (set("gpt", "not json", false), ErrorCode::InvalidOverlay),
            (set("gpt", "[1]", false), ErrorCode::InvalidOverlay),
            (set("gpt", r#"{"input_cost_per_token": -1}"#, false), ErrorCode::InvalidOverlay),
            (set("new", r#"{"input_cost_per_token": 1e-06}"#, true), ErrorCode::InvalidOverlay),
            (set("_metadata", r#"{"a": 1}"#, true), ErrorCode::InvalidOverlay),
            (OverlayEdit::Remove { model: "never".into(), fields: vec![] }, ErrorCode::NotFound),
            (OverlayEdit::Remove { model: "gpt".into(), fields: vec!["mode".into()] }, ErrorCode::NotFound),
        ] {
            assert_eq!(edit(bad.clone()).unwrap_err(), code, "{bad:?}");
        }
        assert_eq!(file.text().unwrap(), wanted, "and nothing of it was changed");
        edit(OverlayEdit::Remove { model: "gpt".into(), fields: vec!["output_cost_per_token".into()] }).unwrap();
        edit(OverlayEdit::Remove { model: "mine".into(), fields: vec![] }).unwrap();
        assert_eq!(file.text().unwrap(), "{\n  \"gpt\": {\"input_cost_per_token\": 0.00000080}\n}\n");
        edit(OverlayEdit::Remove { model: "gpt".into(), fields: vec![] }).unwrap();
        assert_eq!(file.text().unwrap(), "{}\n");
    }

    #[test]
    fn a_value_is_read_as_a_person_types_it() {
        let read = |typed| json_value(typed).unwrap();
        assert_eq!((read("1.80/1M"), read("0.10"), read("1e-06")), ("0.0000018".into(), "0.10".into(), "1e-06".into()));
        assert_eq!((read("true"), read("null"), read("chat")), ("true".into(), "null".into(), "\"chat\"".into()));
        assert_eq!(json_value("much/1M").unwrap_err().code, ErrorCode::InvalidOverlay);
    }

    #[tokio::test]
    async fn upstream_moves_and_catches_up() {
        let (_dir, ledger) = ledger().await;
        let overlay =
            Overlay::parse(r#"{"gpt": {"input_cost_per_token": 0.0000020}, "own": {"litellm_provider": "x"}}"#)
                .unwrap();
        let told = async |price: &str| {
            let seen = ledger.get_state::<Seen>(SEEN_KEY).await.unwrap().unwrap_or_default();
            let told = entries(&overlay, Some(&base(price)), &seen);
            (told[0].upstream, told[0].moved, told[1].upstream)
        };
        note(&ledger, &overlay, &base("1e-06"), None).await.unwrap();
        assert_eq!(told("0.000001").await, (Upstream::Differs, false, Upstream::Absent), "the same, written otherwise");
        assert_eq!(told("2e-06").await, (Upstream::Same, true, Upstream::Absent));
        note(&ledger, &overlay, &base("2e-06"), None).await.unwrap();
        assert!(told("2e-06").await.1, "it is told until somebody answers");
        note(&ledger, &overlay, &base("2e-06"), Some("gpt")).await.unwrap();
        assert!(!told("2e-06").await.1);
    }

    #[tokio::test]
    async fn while_somebody_types_the_last_good_text_counts_and_one_bad_entry_keeps_no_other_back() {
        let (_dir, ledger) = ledger().await;
        let (_folder, file) = file();
        std::fs::write(&file.path, r#"{"gpt": {"input_cost_per_token": 2e-06}, "gone": {"mode": "chat"}}"#).unwrap();
        let (overlay, error) = file.current(&ledger).await.unwrap();
        assert_eq!(error, None);
        note(&ledger, &overlay, &base("1e-06"), None).await.unwrap();
        let laid = CostMap::parse(overlay.over(&base("1e-06")).unwrap()).unwrap();
        let price = laid.get("gpt").unwrap().field("input_cost_per_token").unwrap().text().to_owned();
        assert_eq!((price.as_str(), laid.len()), ("2e-06", 1));
        std::fs::write(&file.path, r#"{"gpt": {"input_cost"#).unwrap();
        let (overlay, error) = file.current(&ledger).await.unwrap();
        assert_eq!(error.unwrap().code, ErrorCode::InvalidOverlay);
        assert!(overlay.get("gpt").is_some());
    }
}
