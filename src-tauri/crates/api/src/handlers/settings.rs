//! The settings: all of them as a form, and one change at a time.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use chrono::{DateTime, Utc};
use engine::gateway::{DEFAULT_GATEWAY_PORT, GatewayAddress, known_address};
use engine::schedule::Plan;
use engine::settings::{DEFAULT_SOURCE, GateEdit, KeyPlace, SettingsEdit, Source};
use engine::status::Reads;
use engine::usage::{self, Usage};
use engine::{Error, ErrorCode, Result};

use crate::commands::{OpenArgs, Outside, SaveFileArgs, SavedFile, SetArgs, SettingField, Text};
use crate::handlers::doctor;
use crate::maps::blocking;
use crate::state::{at_field, word};
use crate::view::{GatewayProxy, GatewayView, ProblemView, ProxySetting, SettingsView, UsageView};
use crate::{Api, Chosen};

/// Syncs that the settings show ahead.
const AHEAD: usize = 3;

/// A key store that waits for a password must not hold up the settings.
const STORE_ANSWERS_WITHIN: Duration = Duration::from_millis(1500);

/// Who copies the diagnostics waits for them: what answers later is told as slow.
const DOCTOR_PATIENCE: Duration = Duration::from_secs(6);

/// The environment's HTTP proxies.
const NETWORK_VARIABLES: [&str; 3] = ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"];

impl Api {
    pub(crate) async fn settings(&self, (): ()) -> Result<SettingsView> {
        let chosen = self.chosen()?;
        let settings = &chosen.settings;
        let source = settings.source();
        let in_file = |name: &str| chosen.file.settings().proxy(name).is_ok();
        let proxies = settings.proxies.iter().map(|proxy| ProxySetting {
            name: proxy.name.to_string(),
            url: proxy.url.to_string(),
            role: proxy.role.to_string(),
            key_variable: match &proxy.key {
                KeyPlace::Env(variable) => Some(variable.clone()),
                KeyPlace::Keyring => None,
            },
            key_header: proxy.key_header.to_string(),
            allow_plain_http: proxy.allow_plain_http,
            ca_file: path(proxy.ca_file.as_deref()),
            restart: super::proxies::line(&proxy.restart),
            local_file: path(proxy.local_file.as_deref()),
            own_schedule: proxy.own_schedule.map(|hours| hours.to_string()).unwrap_or_default(),
            beta_headers: proxy.beta_headers.map(|hours| hours.to_string()).unwrap_or_default(),
            from_environment: !in_file(proxy.name.as_str()),
        });
        let problems = chosen.problems.iter();
        let gateway = self.gateway(&chosen).await?;
        Ok(SettingsView {
            gateway,
            publish_to: settings.publish.as_ref().map_or_else(|| "off".to_owned(), |publish| publish.to.to_string()),
            publish_url: settings.publish.as_ref().and_then(|publish| publish.url.clone()).unwrap_or_default(),
            proxies: proxies.collect(),
            source_is_file: matches!(source, Ok(Source::File(_))),
            source: source.as_ref().map(ToString::to_string).unwrap_or_default(),
            default_source: DEFAULT_SOURCE.to_owned(),
            watch: settings.watch.map_or_else(|| "off".to_owned(), |period| period.to_string()),
            preset: settings.schedule.preset.to_string(),
            every: settings.schedule.every.to_string(),
            on_change: settings.schedule.on_change,
            windows: settings.schedule.windows.clone(),
            next_syncs: self.next_syncs(&Plan::of(settings).0),
            gate_mode: settings.gate.mode.to_string(),
            gate_direct: settings.gate.direct.to_string(),
            gate_soak: settings.gate.soak.to_string(),
            gate_stages: settings.gate.stages.to_string(),
            gate_stage_soak: settings.gate.stage_soak.to_string(),
            notify_new_models: settings.notify.new_models,
            notify_price_changes: settings.notify.price_changes.to_string(),
            notify_failures: settings.notify.failures,
            notify_success_rate: settings.notify.success_rate,
            webhooks: self.webhooks(&chosen).await?,
            quiet: settings.notify.quiet.clone(),
            autostart: self.desktop.autostart(),
            close: settings.app.close.to_string(),
            updates: settings.app.updates.to_string(),
            network_proxy: settings.network.proxy.to_string(),
            network_ca_file: path(settings.network.ca_file.as_deref()),
            network_environment: NETWORK_VARIABLES.iter().filter_map(|name| self.variable(name)).collect(),
            theme: settings.app.theme.to_string(),
            home: self.home.path().display().to_string(),
            usage: self.usage().await?,
            problems: problems
                .map(|problem| ProblemView { field: problem.field.clone(), message: problem.message.clone() })
                .collect(),
            key_store: key_store().to_owned(),
            key_store_problem: self.key_store_problem().await,
        })
    }

    async fn usage(&self) -> Result<UsageView> {
        let folded_runs = self.engine.ledger().folded_runs().await?.of(None);
        let home = self.home.clone();
        let (usage, memory) = blocking(move || (Usage::of(&home), usage::memory())).await?;
        let total = usage.total();
        let Usage { ledger, logs, backups, .. } = usage;
        Ok(UsageView { ledger, logs, backups, total, memory, folded_runs })
    }

    async fn gateway(&self, chosen: &Chosen) -> Result<GatewayView> {
        let default: SocketAddr = (Ipv4Addr::LOCALHOST, DEFAULT_GATEWAY_PORT).into();
        let known = known_address(self.engine.ledger()).await?;
        let snapshot = self.engine.snapshot().borrow().clone();
        let listen = chosen.settings.gateway;
        // Before it ever listened, what proxies will read is known where it has no prefix.
        let address = known
            .filter(|_| listen.is_some())
            .unwrap_or(GatewayAddress { listen: listen.unwrap_or(default), prefix: None });
        let reads = |name: &str| {
            let proxy = snapshot.proxies.iter().find(|proxy| proxy.name == name);
            proxy.and_then(|proxy| proxy.status.as_ref()).is_some_and(|status| status.reads == Reads::Gateway)
        };
        let proxies = chosen.settings.proxies.iter().map(|proxy| {
            let name = proxy.name.to_string();
            let reader = snapshot.gateway.readers.iter().find(|reader| reader.proxy == name);
            GatewayProxy {
                url: address.url(Some(&name)),
                is_read: snapshot.gateway.on && reads(&name),
                last_fetch: reader.map(|reader| reader.last_fetch),
                name,
            }
        });
        Ok(GatewayView {
            listen: listen.map_or_else(|| "off".to_owned(), |listen| listen.to_string()),
            default_listen: default.to_string(),
            on: snapshot.gateway.on,
            error: snapshot.gateway.error.as_ref().map(|error| error.message.clone()),
            proxies: proxies.collect(),
        })
    }

    pub(crate) async fn set(&self, args: SetArgs) -> Result<SettingsView> {
        let field = word(args.field);
        if args.field == SettingField::Autostart {
            self.desktop.set_autostart(truth(&args.value, &field)?)?;
        } else {
            self.change(args.field, args.value).await.map_err(|error| Error { field: Some(field), ..error })?;
        }
        self.settings(()).await
    }

    /// Through the edits that terminal and door send too: they check each rule.
    async fn change(&self, field: SettingField, value: String) -> Result<()> {
        let value = value.trim().to_owned();
        let flag = || truth(&value, &word(field));
        let edit = match field {
            // The system's, not the file's.
            SettingField::Autostart => return Ok(()),
            SettingField::Source => SettingsEdit::SetSource { source: Some(value).filter(|value| !value.is_empty()) },
            SettingField::Watch => SettingsEdit::SetWatch { watch: value },
            SettingField::Preset => SettingsEdit::SetSchedule { preset: value, every: None },
            SettingField::Every => SettingsEdit::SetSchedule { preset: "custom".to_owned(), every: Some(value) },
            SettingField::OnChange => SettingsEdit::SetOnChange { on_change: flag()? },
            SettingField::Windows => SettingsEdit::SetWindows { windows: lines(&value) },
            SettingField::GateMode => SettingsEdit::SetGate(GateEdit { mode: Some(value), ..GateEdit::default() }),
            SettingField::GateDirect => SettingsEdit::SetGate(GateEdit { direct: Some(value), ..GateEdit::default() }),
            SettingField::GateSoak => SettingsEdit::SetGate(GateEdit { soak: Some(value), ..GateEdit::default() }),
            SettingField::GateStages => SettingsEdit::SetGate(GateEdit { stages: Some(value), ..GateEdit::default() }),
            SettingField::GateStageSoak => {
                SettingsEdit::SetGate(GateEdit { stage_soak: Some(value), ..GateEdit::default() })
            }
            SettingField::PublishTo => SettingsEdit::SetPublish { to: value, url: None },
            SettingField::PublishUrl => {
                let to = self.chosen()?.settings.publish.map(|publish| publish.to.to_string());
                SettingsEdit::SetPublish { to: to.unwrap_or_else(|| "off".to_owned()), url: Some(value) }
            }
            SettingField::Gateway => SettingsEdit::SetGateway { listen: value },
            SettingField::NotifyNewModels => notify(Some(flag()?), None, None, None),
            SettingField::NotifyPriceChanges => notify(None, Some(value), None, None),
            SettingField::NotifyFailures => notify(None, None, Some(flag()?), None),
            SettingField::NotifySuccessRate => SettingsEdit::SetNotify {
                new_models: None,
                price_changes: None,
                failures: None,
                success_rate: Some(percent(&value)?),
                quiet: None,
            },
            SettingField::Quiet => notify(None, None, None, Some(value)),
            SettingField::Close => app(None, Some(value), None),
            SettingField::Updates => app(None, None, Some(value)),
            SettingField::Theme => app(Some(value), None, None),
            SettingField::NetworkProxy => SettingsEdit::SetNetwork { proxy: Some(value), ca_file: None },
            SettingField::NetworkCaFile => SettingsEdit::SetNetwork { proxy: None, ca_file: Some(value) },
        };
        self.engine.edit(edit).await
    }

    /// The next syncs that the schedule would start; none while paused without end.
    fn next_syncs(&self, plan: &Plan) -> Vec<DateTime<Utc>> {
        let snapshot = self.engine.snapshot();
        let snapshot = snapshot.borrow();
        let first = snapshot.proxies.iter().filter_map(|proxy| proxy.next_run).min();
        let every = plan.proxies.iter().map(|(_, every)| *every).min();
        let (Some(first), Some(every)) = (first, every) else { return Vec::new() };
        let next = |at: &DateTime<Utc>| plan.windows.next_allowed(*at + every);
        std::iter::successors(Some(first.max(self.now())), next).take(AHEAD).collect()
    }

    /// `HTTPS_PROXY=http://proxy:3128`, without credentials.
    fn variable(&self, name: &str) -> Option<String> {
        let value = (self.environment)(name).or_else(|| (self.environment)(&name.to_lowercase()))?;
        Some(format!("{name}={}", engine::net::without_credentials(&value)))
    }

    async fn key_store_problem(&self) -> Option<String> {
        let name = "autosync".parse().ok()?;
        let secrets = self.secrets();
        match tokio::time::timeout(STORE_ANSWERS_WITHIN, secrets.get(&name)).await {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(error.message),
            Err(_) => Some("The system's key store does not answer; it may be waiting for its password.".to_owned()),
        }
    }

    pub(crate) async fn open(&self, args: OpenArgs) -> Result<()> {
        match args.what {
            Outside::Logs => self.desktop.open_folder(&self.home.logs()),
            Outside::Data => self.desktop.open_folder(self.home.path()),
        }
    }

    pub(crate) async fn copy(&self, args: Text) -> Result<()> {
        self.desktop.copy(&args.text)
    }

    pub(crate) async fn save_file(&self, args: SaveFileArgs) -> Result<SavedFile> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if args.name.is_empty()
            || args.name.len() > 120
            || args.name.starts_with('.')
            || !args.name.chars().all(is_plain)
        {
            return Err(Error::new(ErrorCode::Usage, "A file name may contain only letters, digits, dots and dashes.")
                .field("name"));
        }
        let folder = self.desktop.downloads().ok_or_else(|| {
            Error::new(ErrorCode::Unsupported, "There is no downloads folder here. Copy the text instead.")
        })?;
        let path = free_name(&folder, &args.name);
        engine::home::write_atomic(&path, args.text.as_bytes()).map_err(|cause| {
            Error::new(ErrorCode::HomeUnusable, format!("The file could not be written to {}.", folder.display()))
                .detail(cause)
        })?;
        Ok(SavedFile { path: path.display().to_string() })
    }

    pub(crate) async fn diagnostics(&self, (): ()) -> Result<Text> {
        let state = self.app_state().await?;
        let mut lines = vec![
            format!("LiteLLM Auto-Sync {} on {} {}", state.version, state.platform, std::env::consts::ARCH),
            format!("home      {}", self.home.path().display()),
            format!("source    {} {}", state.source.url, state.source.revision.as_deref().unwrap_or("never read")),
            format!("promoted  {}", state.promoted.as_ref().map_or("nothing yet", |promoted| &promoted.revision)),
        ];
        for proxy in &state.proxies {
            let run = proxy
                .last_run
                .as_ref()
                .map_or_else(String::new, |run| format!(", run {} {}", run.id, word(run.outcome)));
            lines.push(format!(
                "proxy     {} {} LiteLLM {}: {}, {}{run}",
                proxy.name,
                proxy.url,
                proxy.version.as_deref().unwrap_or("?"),
                word(proxy.sync),
                proxy.health.map_or_else(|| "not asked".to_owned(), word),
            ));
            lines.extend(proxy.error.as_ref().map(|error| format!("          {}: {}", error.code, error.message)));
        }
        lines.extend(state.attention.iter().map(|one| {
            let subject = one.subject.as_ref().map(|subject| format!(" {subject}")).unwrap_or_default();
            format!("attention {}{subject} {}", one.title, one.text)
        }));
        lines.extend(doctor::lines(&self.examined(None, None, DOCTOR_PATIENCE).await?));
        let out = lines.join("\n") + "\n";
        Ok(Text { text: out })
    }
}

/// A name that no file has yet: `changes-2.md` after `changes.md`.
fn free_name(folder: &std::path::Path, name: &str) -> std::path::PathBuf {
    let (stem, end) = name.rsplit_once('.').map_or((name, String::new()), |(stem, end)| (stem, format!(".{end}")));
    let numbered = (2_u32..).map(|number| folder.join(format!("{stem}-{number}{end}")));
    std::iter::once(folder.join(name)).chain(numbered).find(|path| !path.exists()).unwrap_or_else(|| folder.join(name))
}

fn notify(
    new_models: Option<bool>,
    price_changes: Option<String>,
    failures: Option<bool>,
    quiet: Option<String>,
) -> SettingsEdit {
    SettingsEdit::SetNotify { new_models, price_changes, failures, success_rate: None, quiet }
}

/// A share of a hundred, as a form has it.
fn percent(value: &str) -> Result<u8> {
    let message = "This must be a whole number from 0 to 100; 0 means never.";
    value.trim().trim_end_matches('%').parse().map_err(|_| Error::new(ErrorCode::InvalidSetting, message))
}

fn app(theme: Option<String>, close: Option<String>, updates: Option<String>) -> SettingsEdit {
    SettingsEdit::SetApp { theme, close, updates }
}

fn lines(value: &str) -> Vec<String> {
    value.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn truth(value: &str, field: &str) -> Result<bool> {
    value
        .trim()
        .parse()
        .map_err(|_| at_field(Error::new(ErrorCode::InvalidSetting, "This must be true or false."), field))
}

/// What the system calls its key store.
fn key_store() -> &'static str {
    match std::env::consts::OS {
        "windows" => "Windows Credential Manager",
        "macos" => "Keychain",
        _ => "the system's key store",
    }
}

/// A file as it is shown; none is empty.
fn path(file: Option<&std::path::Path>) -> String {
    file.map(|file| file.display().to_string()).unwrap_or_default()
}
