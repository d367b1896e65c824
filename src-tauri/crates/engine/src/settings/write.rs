//! From [`Settings`] into the user's own document: comments, order and unknown keys stay, and defaults are not spelled
//! out.

use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value};

use super::{KeyPlace, Proxy, Role, Settings, Source, SourceChoice, invalid};
use crate::Result;

/// What a new file begins with. `schema` holds the comment in its place: comments before nothing would sink to the end.
pub(super) const NEW_FILE: &str = r#"# LiteLLM Auto-Sync. Only what differs from the defaults needs to be here; these are the defaults:
#
#   [source]                  # exactly one of url, file
#   url = "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json"
#   watch = "5m"              # how often to check for a new map; "off" = only with a sync
#
#   [schedule]
#   preset = "production"     # production 6h | development 1h | testing 12h | custom | off
#   every = "6h"              # used only with preset = "custom"
#   windows = []              # e.g. "allow Mon-Fri 02:00-05:00"
#   on_change = true          # a new map is synced at once, within windows and pauses
#
#   [gate]
#   mode = "review"           # review | hold | off
#   direct = "tell"           # while models are held, proxies that read the source: tell (synced all the same) | wait
#   soak = "0m"
#   stages = "off"            # off | rule | hand: testing first, production last
#   stage_soak = "1h"         # how long each stage has a map before the next gets it
#
#   [gateway]
#   listen = "off"            # "127.0.0.1:4401": proxies can read the promoted map there
#
#   [publish]
#   to = "off"                # a folder, a file or "s3://bucket/key": the promoted map is put there too
#   url = ""                  # where proxies read that, if at another address
#
#   [notify]
#   new_models = true
#   price_changes = "mine"    # mine | all | off
#   failures = true
#   success_rate = 80         # tell when fewer per cent of a proxy's syncs work, over 30 days; 0 = never
#   quiet = ""                # "22:00-07:00"
#
#   [app]
#   theme = "system"          # system | light | dark
#   close = "tray"            # tray | quit: what closing the window does
#   updates = "daily"         # daily | off: whether the app looks for newer versions of itself
#
#   [network]
#   proxy = "system"          # how the source is reached: system (HTTPS_PROXY, NO_PROXY) | none | "http://host:port"
#   ca_file = ""              # a PEM file with your company's own authority, trusted besides the system's store
#
#   [[proxy]]                 # one for each proxy
#   name = "local"
#   url = "http://127.0.0.1:4000"
#   role = "production"       # production | staging | testing | development
#   key = "keyring"           # or "env:VAR"; never the key itself
#   key_header = "Authorization"  # or the proxy's litellm_key_header_name
#   ca_file = ""              # as in [network], for this proxy
#   restart = []              # without a database: your command, run without a shell, like ["docker", "restart", "litellm"]
#   own_schedule = "6h"       # the proxy reloads its map by itself, and this program sees to it; no default
#   beta_headers = "24h"      # it reloads its Anthropic beta headers by itself; no default
#   local_file = ""           # with LITELLM_LOCAL_MODEL_COST_MAP: the map file in its installation, written here
#
#   [[webhook]]               # one for each: alerts are posted there
#   name = "team"
#   kind = "json"             # json | slack
#   url = "keyring"           # or "env:VAR"; never the address itself, which is a secret
#   alerts = ["failures", "success_rate", "anomalies", "prices", "retiring", "fallback", "withdrawn"]  # also: new_models
#   enabled = true

schema = 1
"#;

/// Puts one field (`table.key`) of `settings` into the document, or takes it out where it is the default.
pub(super) fn put(document: &mut DocumentMut, settings: &Settings, field: &str) -> Result<()> {
    let Some((table_name, key)) = field.split_once('.') else { return Ok(()) };
    let value = value(settings, field)?;
    let is_default =
        value.as_ref().map(Value::to_string) == self::value(&Settings::default(), field)?.map(|v| v.to_string());
    let entry = document.entry(table_name);
    let item = match entry {
        toml_edit::Entry::Vacant(_) if is_default => return Ok(()),
        entry => entry.or_insert_with(|| Item::Table(Table::new())),
    };
    if !item.is_table_like() {
        *item = Item::Table(Table::new());
    }
    let Some(table) = item.as_table_like_mut() else { return Ok(()) };
    match value {
        Some(value) if !is_default || has_comment(table, key) => set(table, key, value),
        _ => drop(table.remove(key)),
    }
    let bare = item.as_table().is_some_and(|table| table.is_empty() && is_blank(table.decor().prefix()));
    if bare {
        document.remove(table_name);
    }
    Ok(())
}

/// Puts a proxy into its table; what else is in there stays.
pub(super) fn put_proxy(table: &mut dyn TableLike, proxy: &Proxy) {
    set(table, "name", proxy.name.as_str().into());
    set(table, "url", proxy.url.as_str().into());
    let mut optional = |key: &str, value: Value, is_default: bool| {
        if !is_default || table.contains_key(key) {
            set(table, key, value);
        }
    };
    optional("role", proxy.role.as_str().into(), proxy.role == Role::default());
    optional("key", proxy.key.to_string().into(), proxy.key == KeyPlace::default());
    optional("key_header", proxy.key_header.to_string().into(), proxy.key_header.is_default());
    optional("allow_plain_http", proxy.allow_plain_http.into(), !proxy.allow_plain_http);
    match proxy.ca_file.as_ref().and_then(|path| path.to_str()) {
        Some(path) => set(table, "ca_file", path.into()),
        None => drop(table.remove("ca_file")),
    }
    if proxy.restart.is_empty() {
        drop(table.remove("restart"));
    } else {
        set(table, "restart", Value::Array(proxy.restart.iter().map(String::as_str).collect::<Array>()));
    }
    match proxy.local_file.as_ref().and_then(|path| path.to_str()) {
        Some(path) => set(table, "local_file", path.into()),
        None => drop(table.remove("local_file")),
    }
    for (key, hours) in [("own_schedule", proxy.own_schedule), ("beta_headers", proxy.beta_headers)] {
        match hours {
            Some(hours) => set(table, key, hours.to_string().into()),
            None => drop(table.remove(key)),
        }
    }
}

/// The value of a field; `None` only for the two places of the source, and without a `ca_file`.
fn value(settings: &Settings, field: &str) -> Result<Option<Value>> {
    let off = |shown: Option<String>| shown.unwrap_or_else(|| "off".to_owned()).into();
    Ok(Some(match field {
        "source.url" => match &settings.source {
            SourceChoice::Chosen(Source::Url(url)) => url.as_str().into(),
            _ => return Ok(None),
        },
        "source.file" => match &settings.source {
            SourceChoice::Chosen(Source::File(path)) => path
                .to_str()
                .ok_or_else(|| invalid("The file's path isn't valid Unicode.").field("source.file"))?
                .into(),
            _ => return Ok(None),
        },
        "source.watch" => off(settings.watch.map(|period| period.to_string())),
        "schedule.preset" => settings.schedule.preset.as_str().into(),
        "schedule.every" => settings.schedule.every.to_string().into(),
        "schedule.on_change" => settings.schedule.on_change.into(),
        "schedule.windows" => Value::Array(settings.schedule.windows.iter().map(String::as_str).collect::<Array>()),
        "gate.mode" => settings.gate.mode.as_str().into(),
        "gate.direct" => settings.gate.direct.as_str().into(),
        "gate.soak" => settings.gate.soak.to_string().into(),
        "gate.stages" => settings.gate.stages.as_str().into(),
        "gate.stage_soak" => settings.gate.stage_soak.to_string().into(),
        "gateway.listen" => off(settings.gateway.map(|address| address.to_string())),
        "publish.to" => off(settings.publish.as_ref().map(|publish| publish.to.to_string())),
        "publish.url" => match settings.publish.as_ref().and_then(|publish| publish.url.as_deref()) {
            Some(url) => url.into(),
            None => return Ok(None),
        },
        "notify.new_models" => settings.notify.new_models.into(),
        "notify.price_changes" => settings.notify.price_changes.as_str().into(),
        "notify.failures" => settings.notify.failures.into(),
        "notify.success_rate" => i64::from(settings.notify.success_rate).into(),
        "notify.quiet" => settings.notify.quiet.as_str().into(),
        "app.theme" => settings.app.theme.as_str().into(),
        "app.close" => settings.app.close.as_str().into(),
        "app.updates" => settings.app.updates.as_str().into(),
        "network.proxy" => settings.network.proxy.to_string().into(),
        "network.ca_file" => match &settings.network.ca_file {
            Some(path) => path
                .to_str()
                .ok_or_else(|| invalid("The file's path is not Unicode text.").field("network.ca_file"))?
                .into(),
            None => return Ok(None),
        },
        _ => return Err(invalid(format!("There is no setting {field}."))),
    }))
}

/// Sets a value in its place: the comment behind it stays.
pub(super) fn set(table: &mut dyn TableLike, key: &str, mut value: Value) {
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        Some(item) => *item = Item::Value(value),
        None => drop(table.insert(key, Item::Value(value))),
    }
}

/// Whether the user has written something beside this key, which would go with it.
fn has_comment(table: &dyn TableLike, key: &str) -> bool {
    let before = table.key(key).is_some_and(|key| !is_blank(key.leaf_decor().prefix()));
    let behind = table.get(key).and_then(Item::as_value).is_some_and(|value| !is_blank(value.decor().suffix()));
    before || behind
}

fn is_blank(text: Option<&toml_edit::RawString>) -> bool {
    text.and_then(toml_edit::RawString::as_str).is_none_or(|text| text.trim().is_empty())
}
