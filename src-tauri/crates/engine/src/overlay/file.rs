//! The overlay's file: read, edited entry by entry, written whole.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use costmap::overlay::{with_fields, without_field};
use costmap::{CostMap, Entry};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{GOOD_KEY, Overlay, problems};
use crate::error::bounded;
use crate::home::write_atomic;
use crate::ledger::Ledger;
use crate::{Error, ErrorCode, Result};

/// The longest file.
const LONGEST: u64 = 4 << 20;

/// A change of the overlay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum OverlayEdit {
    /// Sets fields of a model, or all of its own entry.
    Set {
        /// The model.
        model: String,
        /// A JSON object, as text, so that every digit stays.
        fields: String,
        /// The own entry is this and nothing else; false: its other fields stay.
        whole: bool,
    },
    /// Removes an own entry, or fields of it: upstream's values count again.
    Remove {
        /// The model.
        model: String,
        /// Which fields; none: all of it.
        fields: Vec<String>,
    },
    /// Keeps an own entry although upstream moved: nobody is told of that move again.
    Keep {
        /// The model.
        model: String,
    },
}

/// A value as a person types it, as JSON text: JSON as it is, `1.80/1M` a millionth of that, anything else a text.
///
/// # Errors
/// `invalid_overlay` for a number per million that is none.
pub fn json_value(typed: &str) -> Result<String> {
    if let Some(number) = typed.trim().strip_suffix("/1M") {
        return costmap::number::millionth(number).ok_or_else(|| {
            let message = format!("{} is no price per million. Nothing was changed.", bounded(typed, 60));
            Error::new(ErrorCode::InvalidOverlay, message).field("value")
        });
    }
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(typed).is_ok();
    Ok(if is_json { typed.trim().to_owned() } else { serde_json::Value::from(typed).to_string() })
}

/// The file.
#[derive(Clone, Debug)]
pub(crate) struct OverlayFile {
    pub(super) path: PathBuf,
    pub(super) backups: PathBuf,
}

impl OverlayFile {
    pub(crate) fn new(home: &crate::home::Home) -> Self {
        Self { path: home.overlay(), backups: home.backups() }
    }

    /// The text as it is now; empty without a file.
    pub(crate) fn text(&self) -> Result<String> {
        read(&self.path)
    }

    /// What counts now, and why the file does not, where it does not.
    pub(crate) async fn current(&self, ledger: &Ledger) -> Result<(Overlay, Option<Error>)> {
        let read = self.text().and_then(|text| Overlay::parse(or_empty(&text)));
        match read {
            Ok(overlay) => Ok((overlay, None)),
            Err(error) => {
                let good = ledger.get_state::<String>(GOOD_KEY).await?.unwrap_or_default();
                Ok((Overlay::parse(&good).unwrap_or_default(), Some(error)))
            }
        }
    }

    /// The file with this change, and the model that changes. `base` is what it is laid over.
    ///
    /// # Errors
    /// `invalid_overlay` with what is wrong; `not_found` for an entry or a field that is not there.
    pub(super) fn edited(&self, edit: &OverlayEdit, base: Option<&CostMap>) -> Result<(String, Overlay, String)> {
        let before = self.text()?;
        let now = Overlay::parse(or_empty(&before))?;
        let (model, value) = changed(&now, edit)?;
        let kept = now.entries().map(|entry| (entry.name().into_owned(), entry.raw().to_owned()));
        let mut entries: Vec<(String, String)> = kept.collect();
        match (entries.iter_mut().find(|(name, _)| *name == model), value) {
            (Some(entry), Some(value)) => entry.1 = value,
            (None, Some(value)) => entries.push((model.clone(), value)),
            (_, None) => entries.retain(|(name, _)| *name != model),
        }
        let text = text(entries.into_iter());
        let after = Overlay::parse(&text)?;
        if let Some(base) = base
            && let Some(problem) = problems(&after, base).remove(&model)
        {
            return Err(Error::new(ErrorCode::InvalidOverlay, format!("{problem} Nothing was changed.")).field("entry"));
        }
        Ok((model, after, text))
    }

    /// Makes the change in the file.
    ///
    /// # Errors
    /// Those of the change; then nothing was changed.
    pub(crate) fn edit(&self, edit: &OverlayEdit, base: Option<&CostMap>) -> Result<()> {
        let (_, _, text) = self.edited(edit, base)?;
        let before = self.text()?;
        let unwritable = |cause: std::io::Error| {
            let message = "The file overlay.json could not be written. Nothing was changed. Check its permissions.";
            Error::new(ErrorCode::HomeUnusable, message).detail(cause)
        };
        if !before.is_empty() {
            write_atomic(&self.backups.join("overlay.before.json"), before.as_bytes()).map_err(unwritable)?;
        }
        write_atomic(&self.path, text.as_bytes()).map_err(unwritable)
    }
}

pub(crate) fn or_empty(text: &str) -> &str {
    if text.trim().is_empty() { "{}" } else { text }
}

/// The model that changes, and its own entry then; `None`: it has none any more.
fn changed(now: &Overlay, edit: &OverlayEdit) -> Result<(String, Option<String>)> {
    match edit {
        OverlayEdit::Set { model, fields, whole } => {
            let invalid = |why: &str| Error::new(ErrorCode::InvalidOverlay, why.to_owned());
            let name = model.trim();
            if name.is_empty() || name.len() > 512 || costmap::RESERVED_KEYS.contains(&name) {
                return Err(invalid("That is no name for a model. Nothing was changed.").field("model"));
            }
            let given: Box<RawValue> = serde_json::from_str(fields).map_err(|cause| {
                invalid("The entry isn't valid JSON. Nothing was changed.").field("entry").detail(cause)
            })?;
            let old = now.get(name).map(|entry| entry.raw()).filter(|_| !whole).unwrap_or("{}");
            let entry = with_fields(old, given.get()).filter(|entry| entry != "{}").ok_or_else(|| {
                invalid("An entry is an object with at least one field. Nothing was changed.").field("entry")
            })?;
            Ok((name.to_owned(), Some(entry)))
        }
        OverlayEdit::Remove { model, fields } => {
            let mut entry = own(now, model)?.raw().to_owned();
            for field in fields {
                entry = without_field(&entry, field).ok_or_else(|| {
                    let message = format!(
                        "Your entry of {} has no field {}. Nothing was changed.",
                        bounded(model, 160),
                        bounded(field, 160)
                    );
                    Error::new(ErrorCode::NotFound, message).field("field")
                })?;
            }
            Ok((model.clone(), (!fields.is_empty() && entry != "{}").then_some(entry)))
        }
        OverlayEdit::Keep { model } => Ok((model.clone(), Some(own(now, model)?.raw().to_owned()))),
    }
}

fn own<'a>(now: &'a Overlay, model: &str) -> Result<Entry<'a>> {
    now.get(model).ok_or_else(|| {
        let message = format!("You have no entry of your own for {}. Nothing was changed.", bounded(model, 160));
        Error::new(ErrorCode::NotFound, message).field("model")
    })
}

/// The file's text: a line for each entry.
pub(super) fn text(entries: impl Iterator<Item = (String, String)>) -> String {
    let lines: Vec<String> = entries.map(|(name, raw)| format!("  {}: {raw}", serde_json::Value::from(name))).collect();
    if lines.is_empty() { "{}\n".to_owned() } else { format!("{{\n{}\n}}\n", lines.join(",\n")) }
}

pub(super) fn read(path: &Path) -> Result<String> {
    let unusable = |why: String| {
        let message = format!("The file overlay.json can't be read: {why}. Your last good overlay still applies.");
        Error::new(ErrorCode::InvalidOverlay, message).field("overlay")
    };
    match std::fs::metadata(path) {
        Ok(found) if found.len() > LONGEST => return Err(unusable("it is over 4 MB".to_owned())),
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(String::new()),
        _ => {}
    }
    std::fs::read_to_string(path).map_err(|cause| unusable(cause.to_string()))
}
