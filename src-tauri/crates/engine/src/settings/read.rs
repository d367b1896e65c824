//! From TOML to [`Settings`], field by field: a bad value never takes another with it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, TableLike};

use super::{
    App, Gate, KeyHeader, KeyPlace, Network, Notify, Period, Proxy, ProxyName, ProxyUrl, Publish, Role, Schedule,
    Settings, SettingsProblem, Source, SourceChoice, SourceUrl, invalid,
};
use crate::net::Trust;
use crate::schedule::QuietHours;
use crate::{Error, Result};

/// The longest list of windows, and the longest text of any one setting, that is looked at.
pub(super) const MANY: usize = 200;

const INSTEAD: &str = "Until it is corrected, the default applies.";

/// Everything that is valid, and what is not. `folder` is where a relative path of the source begins.
pub(super) fn read(document: &DocumentMut, folder: &Path) -> (Settings, Vec<SettingsProblem>) {
    let mut reader = Reader { document, problems: Vec::new() };
    reader.expect_tables();
    let default = Settings::default();
    let settings = Settings {
        source: reader.source(folder),
        watch: reader.text("source.watch", default.watch, |text| off_or(text, positive)),
        schedule: Schedule {
            preset: reader.text("schedule.preset", default.schedule.preset, str::parse),
            every: reader.text("schedule.every", default.schedule.every, positive),
            windows: reader.list("schedule.windows"),
            on_change: reader.flag("schedule.on_change", default.schedule.on_change),
        },
        gate: Gate {
            mode: reader.text("gate.mode", default.gate.mode, str::parse),
            direct: reader.text("gate.direct", default.gate.direct, str::parse),
            soak: reader.text("gate.soak", default.gate.soak, str::parse),
            stages: reader.text("gate.stages", default.gate.stages, str::parse),
            stage_soak: reader.text("gate.stage_soak", default.gate.stage_soak, str::parse),
        },
        gateway: reader.text("gateway.listen", default.gateway, |text| off_or(text, listen)),
        publish: {
            let to = reader.text("publish.to", None, |text| off_or(text, str::parse));
            let url = reader.text("publish.url", None, super::publish::read_url);
            to.map(|to| Publish { to, url })
        },
        notify: Notify {
            new_models: reader.flag("notify.new_models", default.notify.new_models),
            price_changes: reader.text("notify.price_changes", default.notify.price_changes, str::parse),
            failures: reader.flag("notify.failures", default.notify.failures),
            success_rate: reader.percent("notify.success_rate", default.notify.success_rate),
            quiet: reader.text("notify.quiet", default.notify.quiet, |text| quiet(text).map(|()| text.to_owned())),
        },
        app: App {
            theme: reader.text("app.theme", default.app.theme, str::parse),
            close: reader.text("app.close", default.app.close, str::parse),
            updates: reader.text("app.updates", default.app.updates, str::parse),
        },
        network: Network {
            proxy: reader.text("network.proxy", default.network.proxy, str::parse),
            ca_file: reader.text("network.ca_file", None, |text| Ok(ca_file(text, folder))),
        },
        proxies: reader.proxies(folder),
        webhooks: reader.webhooks(),
    };
    if let Err(error) = settings.source() {
        // A source that could not be read has told so already; one that is the own gateway is only known now.
        if !matches!(settings.source, SourceChoice::Refused(_)) {
            reader.problem("source.url", error);
        }
    }
    (settings, reader.problems)
}

pub(super) struct Reader<'a> {
    document: &'a DocumentMut,
    problems: Vec<SettingsProblem>,
}

impl<'a> Reader<'a> {
    pub(super) fn problem(&mut self, field: &str, error: Error) {
        self.problems.push(SettingsProblem { field: field.to_owned(), code: error.code, message: error.message });
    }

    fn expect_tables(&mut self) {
        for name in ["source", "schedule", "gate", "gateway", "publish", "notify", "app", "network"] {
            if self.document.get(name).is_some_and(|item| !item.is_table_like()) {
                self.problem(
                    name,
                    invalid(format!("{name} must be a table: write [{name}] with its settings below. {INSTEAD}")),
                );
            }
        }
    }

    /// The item at `table.key`.
    fn item(&self, field: &str) -> Option<&'a Item> {
        let (table, key) = field.split_once('.')?;
        self.document.get(table)?.as_table_like()?.get(key)
    }

    fn text<T>(&mut self, field: &str, default: T, parse: impl FnOnce(&str) -> Result<T>) -> T {
        let Some(item) = self.item(field) else { return default };
        match as_text(item).and_then(parse) {
            Ok(value) => value,
            Err(error) => {
                let message = format!("{} {INSTEAD}", error.message);
                self.problem(field, Error { message, ..error });
                default
            }
        }
    }

    fn flag(&mut self, field: &str, default: bool) -> bool {
        let Some(item) = self.item(field) else { return default };
        item.as_bool().unwrap_or_else(|| {
            self.problem(field, invalid(format!("This must be true or false. {INSTEAD}")));
            default
        })
    }

    fn percent(&mut self, field: &str, default: u8) -> u8 {
        let Some(item) = self.item(field) else { return default };
        let whole = item.as_integer().ok_or_else(|| invalid("")).and_then(percent);
        whole.unwrap_or_else(|error| {
            let message = format!("This must be a whole number from 0 to 100. {INSTEAD}");
            self.problem(field, Error { message, ..error });
            default
        })
    }

    fn list(&mut self, field: &str) -> Vec<String> {
        let Some(item) = self.item(field) else { return Vec::new() };
        let texts = item.as_array().filter(|array| array.len() <= MANY).and_then(|array| {
            array.iter().map(|value| value.as_str().filter(|text| text.len() <= MANY).map(str::to_owned)).collect()
        });
        texts.unwrap_or_else(|| {
            self.problem(field, invalid(format!("This must be a list of strings: [\"…\", \"…\"]. {INSTEAD}")));
            Vec::new()
        })
    }

    fn source(&mut self, folder: &Path) -> SourceChoice {
        let url = self.item("source.url").map(|item| as_text(item).and_then(SourceUrl::parse).map(Source::Url));
        let file = self.item("source.file").map(|item| as_text(item).and_then(|text| file(text, folder)));
        let (field, choice) = match (url, file) {
            (None, None) => return SourceChoice::Default,
            (Some(_), Some(_)) => (
                "source",
                Err(invalid("The source has both a url and a file. Nothing is fetched until one of them is removed.")),
            ),
            (Some(url), None) => ("source.url", url),
            (None, Some(file)) => ("source.file", file),
        };
        match choice {
            Ok(source) => SourceChoice::Chosen(source),
            Err(error) => {
                let error =
                    Error { message: format!("The source in settings.toml: {}", error.message), ..error.field(field) };
                self.problem(field, error.clone());
                SourceChoice::Refused(error)
            }
        }
    }

    /// The tables of a list of them, `[[proxy]]` or `[[webhook]]`.
    pub(super) fn tables_of(&mut self, kind: &str) -> Vec<&'a dyn TableLike> {
        let Some(item) = self.document.get(kind) else { return Vec::new() };
        tables_in(item).unwrap_or_else(|| {
            let message = format!("Write each {kind} as [[{kind}]] with its settings below. None is used.");
            self.problem(kind, invalid(message));
            Vec::new()
        })
    }

    fn proxies(&mut self, folder: &Path) -> Vec<Proxy> {
        let mut proxies: Vec<Proxy> = Vec::new();
        for (index, table) in self.tables_of("proxy").into_iter().enumerate() {
            let at = |key: &str| format!("proxy[{index}].{key}");
            match self.proxy(table, folder, &at) {
                Ok(proxy) if proxies.iter().any(|known| known.name.is(proxy.name.as_str())) => {
                    let message =
                        format!("There is already a proxy named {}. This second one is not used.", proxy.name);
                    self.problem(&at("name"), invalid(message));
                }
                Ok(proxy) => proxies.push(proxy),
                Err((key, error)) => {
                    let message = format!("{} This proxy is not used until it is corrected.", error.message);
                    self.problem(&at(key), Error { message, ..error });
                }
            }
        }
        proxies
    }

    /// Without a name and an address there is no proxy; its other settings have defaults.
    fn proxy(
        &mut self,
        table: &dyn TableLike,
        folder: &Path,
        at: &dyn Fn(&str) -> String,
    ) -> Result<Proxy, (&'static str, Error)> {
        let text = |key: &'static str| match table.get(key) {
            Some(item) => as_text(item),
            None => Err(invalid(format!("A proxy needs a {key}."))),
        };
        let mut optional = |key: &str, result: Option<Result<()>>| {
            if let Some(Err(error)) = result {
                self.problem(&at(key), Error { message: format!("{} {INSTEAD}", error.message), ..error });
            }
        };
        let mut proxy_role = Role::default();
        optional("role", table.get("role").map(|item| as_text(item)?.parse().map(|role| proxy_role = role)));
        let mut key = KeyPlace::default();
        optional("key", table.get("key").map(|item| as_text(item)?.parse().map(|place| key = place)));
        let mut key_header = KeyHeader::default();
        optional(
            "key_header",
            table.get("key_header").map(|item| as_text(item)?.parse().map(|name| key_header = name)),
        );
        let mut allow_plain_http = false;
        optional(
            "allow_plain_http",
            table.get("allow_plain_http").map(|item| match item.as_bool() {
                Some(flag) => {
                    allow_plain_http = flag;
                    Ok(())
                }
                None => Err(invalid("This must be true or false.")),
            }),
        );
        let mut authority = None;
        optional(
            "ca_file",
            table.get("ca_file").map(|item| as_text(item).map(|text| authority = ca_file(text, folder))),
        );
        let mut restart = Vec::new();
        optional("restart", table.get("restart").map(|item| command(item).map(|words| restart = words)));
        let mut local = None;
        optional(
            "local_file",
            table.get("local_file").map(|item| as_text(item).and_then(local_file).map(|path| local = path)),
        );
        let (mut own_schedule, mut beta_headers) = (None, None);
        optional(
            "own_schedule",
            table.get("own_schedule").map(|item| as_text(item)?.parse().map(|hours| own_schedule = Some(hours))),
        );
        optional(
            "beta_headers",
            table.get("beta_headers").map(|item| as_text(item)?.parse().map(|hours| beta_headers = Some(hours))),
        );
        let name: ProxyName = text("name").and_then(str::parse).map_err(|error| ("name", error))?;
        let url = text("url").and_then(|url| ProxyUrl::parse(url, allow_plain_http)).map_err(|error| ("url", error))?;
        Ok(Proxy {
            name,
            url,
            role: proxy_role,
            key,
            key_header,
            allow_plain_http,
            ca_file: authority,
            restart,
            local_file: local,
            own_schedule,
            beta_headers,
        })
    }
}

/// Both ways that TOML has for a list of tables.
pub(super) fn tables_in(item: &Item) -> Option<Vec<&dyn TableLike>> {
    if let Some(tables) = item.as_array_of_tables() {
        return Some(tables.iter().map(|table| table as &dyn TableLike).collect());
    }
    item.as_array()?.iter().map(|value| value.as_inline_table().map(|table| table as &dyn TableLike)).collect()
}

pub(super) fn as_text(item: &Item) -> Result<&str> {
    item.as_str().filter(|text| text.len() <= 4096).ok_or_else(|| invalid("This must be a string in quotes."))
}

pub(super) fn off_or<T>(text: &str, parse: impl FnOnce(&str) -> Result<T>) -> Result<Option<T>> {
    if text == "off" { Ok(None) } else { parse(text).map(Some) }
}

/// A time that something is repeated after.
pub(super) fn positive(text: &str) -> Result<Period> {
    let period: Period = text.parse()?;
    if period.is_zero() { Err(invalid("This must be at least 1s.")) } else { Ok(period) }
}

/// A share of a hundred.
pub(super) fn percent(number: i64) -> Result<u8> {
    let whole = u8::try_from(number).ok().filter(|percent| *percent <= 100);
    whole.ok_or_else(|| invalid("This must be a whole number from 0 to 100."))
}

pub(super) fn listen(text: &str) -> Result<SocketAddr> {
    text.parse().map_err(|_| invalid("This must be an IP address and port, like 127.0.0.1:4401, or off."))
}

fn file(text: &str, folder: &Path) -> Result<Source> {
    if text.trim().is_empty() { Err(invalid("The file name is empty.")) } else { Ok(Source::File(folder.join(text))) }
}

/// A command and its arguments, as a list: no shell ever reads it.
fn command(item: &Item) -> Result<Vec<String>> {
    let words = item.as_array().filter(|array| array.len() <= MANY).and_then(|array| {
        array.iter().map(|value| value.as_str().filter(|text| text.len() <= 4096).map(str::to_owned)).collect()
    });
    words.ok_or_else(|| invalid("This must be a command and its arguments: [\"docker\", \"restart\", \"litellm\"]."))
}

/// The map file of a proxy, by its whole path; empty is none.
pub(super) fn local_file(text: &str) -> Result<Option<PathBuf>> {
    let path = Some(text.trim()).filter(|text| !text.is_empty()).map(PathBuf::from);
    if path.as_ref().is_some_and(|path| !path.is_absolute() || path.extension().is_none_or(|kind| kind != "json")) {
        return Err(
            invalid("This must be the whole path of the .json file in the proxy's installation.").field("local_file")
        );
    }
    Ok(path)
}

/// A file of authorities; empty is none. Whether it can be used is told when it is: it may be on a mount that comes later.
pub(super) fn ca_file(text: &str, folder: &Path) -> Option<PathBuf> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(|text| folder.join(text))
}

/// A proxy's file of authorities as somebody gives it now: it is there, and is one.
pub fn usable_ca_file(text: &str) -> Result<Option<PathBuf>> {
    let path = ca_file(text, Path::new(""));
    if path.as_ref().is_some_and(|path| !path.is_absolute()) {
        return Err(invalid("The ca_file must be an absolute path.").field("ca_file"));
    }
    Trust::with_file(path.as_deref(), "ca_file").map(|_| path)
}

/// Empty, or quiet hours as the toasts read them.
pub(super) fn quiet(text: &str) -> Result<()> {
    if text.is_empty() || text.parse::<QuietHours>().is_ok() {
        return Ok(());
    }
    Err(invalid("Quiet hours must be two times of day, like 22:00-07:00, or empty."))
}
