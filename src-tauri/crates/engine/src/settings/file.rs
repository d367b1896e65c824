//! The file itself: read, changed one setting at a time, and never lost.

use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table};

use super::environment::ENV_PROXY;
use super::read::{self, tables_in};
use super::write::{self, NEW_FILE};
use super::{
    App, Gate, Network, Notify, Period, Preset, Proxy, Publish, SCHEMA, Settings, SettingsProblem, Source,
    SourceChoice, invalid, no_proxy,
};
use crate::error::bounded;
use crate::home::{create_private_dir, write_atomic};
use crate::{Error, ErrorCode, Result};

/// How many earlier versions stay in `backups/`.
const BACKUPS: usize = 20;

/// `settings.toml` as it was read last. Every change reads the file again first, so that what the user has typed into it
/// meanwhile stays, and copies the old file into `backups/` beside it.
#[derive(Clone, Debug)]
pub struct SettingsFile {
    path: PathBuf,
    text: Option<String>,
    settings: Settings,
    problems: Vec<SettingsProblem>,
}

impl SettingsFile {
    /// Reads the file; a missing one means the defaults, and is not created.
    ///
    /// Fails with `invalid_setting` when it is no TOML (the message names the line) or of a newer program, and with
    /// `home_unusable` when it cannot be read. It is never written then.
    pub fn load(path: &Path) -> Result<Self> {
        let text = read_text(path)?;
        let document = parse(text.as_deref().unwrap_or_default())?;
        let (settings, problems) = read::read(&document, folder(path));
        Ok(Self { path: path.to_owned(), text, settings, problems })
    }

    /// Reads the file again; whether anything is different. On an error the settings stay as they were.
    pub fn reload(&mut self) -> Result<bool> {
        let fresh = Self::load(&self.path)?;
        let changed = fresh.text != self.text;
        *self = fresh;
        Ok(changed)
    }

    /// The valid settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What is not valid, and was not used.
    pub fn problems(&self) -> &[SettingsProblem] {
        &self.problems
    }

    /// Adds a proxy. Fails with `already_exists` when the name is taken, also by an entry that is not valid.
    pub fn add_proxy(&mut self, proxy: &Proxy) -> Result<()> {
        if proxy.name.is(ENV_PROXY) {
            return Err(invalid(
                "The name env is reserved for the proxy in LITELLM_PROXY_URL. No proxy was added; choose another name.",
            )
            .field("name"));
        }
        self.change(|document, _| {
            if tables(document, "proxy")?.iter().any(|table| is_named(table, proxy.name.as_str())) {
                let message = format!("There is already a proxy named {}. Nothing was changed.", proxy.name);
                return Err(Error::new(ErrorCode::AlreadyExists, message).field("name"));
            }
            let mut table = Table::new();
            write::put_proxy(&mut table, proxy);
            tables(document, "proxy")?.push(table);
            Ok(())
        })
    }

    /// Replaces the settings of the proxy of the same name. Fails with `not_found`.
    pub fn set_proxy(&mut self, proxy: &Proxy) -> Result<()> {
        self.change(|document, _| {
            let name = proxy.name.as_str();
            let table = tables(document, "proxy")?
                .iter_mut()
                .find(|table| is_named(table, name))
                .ok_or_else(|| no_proxy(name))?;
            write::put_proxy(table, proxy);
            Ok(())
        })
    }

    /// Removes a proxy, also one whose other settings are not valid. Fails with `not_found`.
    pub fn remove_proxy(&mut self, name: &str) -> Result<()> {
        self.change(|document, _| {
            let tables = tables(document, "proxy")?;
            let before = tables.len();
            tables.retain(|table| !is_named(table, name));
            if tables.len() == before { Err(no_proxy(name)) } else { Ok(()) }
        })
    }

    /// Chooses the source; `None`: the default one. Fails with `source_is_gateway`.
    pub fn set_source(&mut self, source: Option<Source>) -> Result<()> {
        self.set(&["source.url", "source.file"], |settings| {
            settings.source = source.map_or(SourceChoice::Default, SourceChoice::Chosen);
            settings.source().map(drop)
        })
    }

    /// Chooses how often the source is watched; `None`: never.
    pub fn set_watch(&mut self, watch: Option<Period>) -> Result<()> {
        self.set(&["source.watch"], |settings| {
            settings.watch = watch.map(repeated).transpose()?;
            Ok(())
        })
    }

    /// Chooses when proxies are synced: a preset, or `custom` with its own interval.
    pub fn set_schedule(&mut self, preset: Preset, every: Option<Period>) -> Result<()> {
        self.set(&["schedule.preset", "schedule.every"], |settings| {
            settings.schedule.preset = preset;
            if let Some(every) = every {
                settings.schedule.every = repeated(every)?;
            }
            Ok(())
        })
    }

    /// Chooses when scheduled syncs may run. The scheduler has checked the texts.
    pub fn set_windows(&mut self, windows: Vec<String>) -> Result<()> {
        self.set(&["schedule.windows"], |settings| {
            settings.schedule.windows = windows;
            Ok(())
        })
    }

    /// Chooses whether a new map at the source is synced at once.
    pub fn set_on_change(&mut self, on_change: bool) -> Result<()> {
        self.set(&["schedule.on_change"], |settings| {
            settings.schedule.on_change = on_change;
            Ok(())
        })
    }

    /// Chooses what the checks may do.
    pub fn set_gate(&mut self, gate: Gate) -> Result<()> {
        self.set(&["gate.mode", "gate.direct", "gate.soak", "gate.stages", "gate.stage_soak"], |settings| {
            settings.gate = gate;
            Ok(())
        })
    }

    /// Chooses where the promoted map is put for others; `None`: nowhere.
    pub fn set_publish(&mut self, publish: Option<Publish>) -> Result<()> {
        self.set(&["publish.to", "publish.url"], |settings| {
            settings.publish = publish;
            Ok(())
        })
    }

    /// Turns the gateway on, at this address, or off. Fails with `source_is_gateway`.
    pub fn set_gateway(&mut self, listen: Option<SocketAddr>) -> Result<()> {
        self.set(&["gateway.listen"], |settings| {
            settings.gateway = listen;
            match &settings.source {
                // What is wrong with the source already has nothing to do with this.
                SourceChoice::Refused(_) => Ok(()),
                _ => settings.source().map(drop),
            }
        })
    }

    /// Chooses what the user is told.
    pub fn set_notify(&mut self, notify: Notify) -> Result<()> {
        self.set(
            &["notify.new_models", "notify.price_changes", "notify.failures", "notify.success_rate", "notify.quiet"],
            |settings| {
                read::quiet(&notify.quiet).map_err(|error| error.field("notify.quiet"))?;
                settings.notify = notify;
                Ok(())
            },
        )
    }

    /// Chooses how the window looks and closes.
    pub fn set_app(&mut self, app: App) -> Result<()> {
        self.set(&["app.theme", "app.close", "app.updates"], |settings| {
            settings.app = app;
            Ok(())
        })
    }

    /// Chooses the way out to the source. Fails where its `ca_file` cannot be used.
    pub fn set_network(&mut self, network: Network) -> Result<()> {
        self.set(&["network.proxy", "network.ca_file"], |settings| {
            network.trust()?;
            settings.network = network;
            Ok(())
        })
    }

    /// The folder of the file: where a relative path of the source begins.
    pub fn folder(&self) -> &Path {
        folder(&self.path)
    }

    /// Changes settings and writes these fields of them, and no others.
    fn set(&mut self, fields: &[&str], apply: impl FnOnce(&mut Settings) -> Result<()>) -> Result<()> {
        self.change(|document, settings| {
            let mut wanted = settings.clone();
            apply(&mut wanted)?;
            fields.iter().try_for_each(|field| write::put(document, &wanted, field))
        })
    }

    pub(super) fn change(&mut self, edit: impl FnOnce(&mut DocumentMut, &Settings) -> Result<()>) -> Result<()> {
        let old = read_text(&self.path)?;
        let mut document = parse(old.as_deref().unwrap_or(NEW_FILE))?;
        let (settings, _) = read::read(&document, folder(&self.path));
        edit(&mut document, &settings)?;
        let new = document.to_string();
        // What cannot be read back must not be written.
        let (settings, problems) = read::read(&parse(&new)?, folder(&self.path));
        if old.as_ref() != Some(&new) {
            self.write(old.as_deref(), &new).map_err(|cause| {
                Error::new(
                    ErrorCode::HomeUnusable,
                    format!("The settings could not be written to {}; they are unchanged. Check its permissions and the free disk space.", self.path.display()),
                )
                .detail(cause)
            })?;
        }
        *self = Self { path: std::mem::take(&mut self.path), text: Some(new), settings, problems };
        Ok(())
    }

    fn write(&self, old: Option<&str>, new: &str) -> std::io::Result<()> {
        create_private_dir(folder(&self.path))?;
        if let Some(old) = old {
            keep(&folder(&self.path).join("backups"), old)?;
        }
        write_atomic(&self.path, new.as_bytes())
    }
}

/// Keeps an earlier version under the next number, and only so many of them.
fn keep(backups: &Path, text: &str) -> std::io::Result<()> {
    create_private_dir(backups)?;
    let mut numbers: Vec<u64> = fs::read_dir(backups)?
        .filter_map(|entry| {
            entry.ok()?.file_name().to_str()?.strip_prefix("settings.")?.strip_suffix(".toml")?.parse().ok()
        })
        .collect();
    numbers.sort_unstable();
    let file = |number: u64| backups.join(format!("settings.{number:06}.toml"));
    let next = numbers.last().map_or(1, |last| last.saturating_add(1));
    write_atomic(&file(next), text.as_bytes())?;
    for old in numbers.iter().rev().skip(BACKUPS - 1) {
        fs::remove_file(file(*old))?;
    }
    Ok(())
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

fn read_text(path: &Path) -> Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|cause| {
            invalid("The file settings.toml is not UTF-8 text. It was not changed, and none of it is used. Save it as UTF-8, or restore an earlier one from backups/.")
                .detail(cause.utf8_error())
        }),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Error::new(
            ErrorCode::HomeUnusable,
            format!("The settings cannot be read from {}. Check its permissions.", path.display()),
        )
        .detail(cause)),
    }
}

fn parse(text: &str) -> Result<DocumentMut> {
    let document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        let line = error.span().map_or(1, |span| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1);
        // Only the kind of mistake, not the line itself: there may be a key in it.
        let mistake = bounded(error.message(), 200);
        invalid(format!("The file settings.toml cannot be read: line {line}: {mistake}. It was not changed, and none of it is used. Correct the line, or restore an earlier file from backups/."))
            .detail(format!("line {line}"))
    })?;
    match document.get("schema").map(Item::as_integer) {
        None => Ok(document),
        Some(Some(schema)) if (1..=SCHEMA).contains(&schema) => Ok(document),
        Some(Some(schema)) if schema > SCHEMA => Err(invalid(format!(
            "The file settings.toml is from a newer version of this program (schema {schema}; this one knows {SCHEMA}). It was not changed, and none of it is used. Update this program."
        ))
        .field("schema")),
        Some(_) => Err(invalid("In settings.toml, schema must be a number: schema = 1. The file was not changed, and none of it is used.").field("schema")),
    }
}

/// The tables of a list of them, `[[proxy]]` or `[[webhook]]`, whichever way they were written.
pub(super) fn tables<'a>(document: &'a mut DocumentMut, kind: &str) -> Result<&'a mut ArrayOfTables> {
    let wrong = || {
        invalid(format!("In settings.toml, write each {kind} as [[{kind}]] with its settings below. Nothing was changed; correct the file first.")).field(kind)
    };
    let item = document.entry(kind).or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    if !item.is_array_of_tables() {
        tables_in(item).ok_or_else(wrong)?;
        *item = std::mem::take(item).into_array_of_tables().map(Item::ArrayOfTables).map_err(|_| wrong())?;
    }
    item.as_array_of_tables_mut().ok_or_else(wrong)
}

pub(super) fn is_named(table: &Table, name: &str) -> bool {
    table.get("name").and_then(Item::as_str).is_some_and(|found| found.eq_ignore_ascii_case(name))
}

fn repeated(period: Period) -> Result<Period> {
    read::positive(&period.to_string())
}
