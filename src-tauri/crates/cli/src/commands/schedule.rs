//! `autosync schedule show|set|clear`: the app's own schedule, and the one inside a proxy.

use engine::controller::Environment;
use engine::diagnosis::Diagnosis;
use engine::proxy::{ProxyClient, Resource, ScheduleStatus};
use engine::secrets::Secrets;
use engine::settings::{ENV_PROXY, Hours, Period, Preset, Proxy, ProxyDocument, ProxyName, SettingsEdit};
use engine::{Error, ErrorCode, Result};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::with_problems;
use crate::args::{Of, On, ScheduleCommand, SchedulePlace};
use crate::context::{Chosen, Context};
use crate::output::grid::{Grid, Head, cell, sentence, toned};
use crate::output::tone::{Tone, paint};
use crate::output::{Answer, Screen, when};

const UNCHECKED: &str = "On its own schedule, the proxy loads whatever its source has, unchecked. `autosync schedule set --on app` checks first.";

const LEADS: &str = "That schedule leads from now on: this program starts no scheduled sync of the proxy, and gives it back its schedule if it loses it.";

const UNPROVED: &str = "A proxy doesn't show which Anthropic beta headers it holds, so this can't be proved. If it can't fetch them, it uses the list in its package and still reports success.";

impl From<Of> for Resource {
    fn from(of: Of) -> Self {
        match of {
            Of::Map => Self::CostMap,
            Of::BetaHeaders => Self::BetaHeaders,
        }
    }
}

fn what(resource: Resource) -> &'static str {
    match resource {
        Resource::CostMap => "map",
        Resource::BetaHeaders => "beta headers",
    }
}

/// What became of one proxy.
struct Told {
    proxy: Proxy,
    resource: Resource,
    status: Result<ScheduleStatus>,
}

pub(super) async fn run(context: &Context, command: ScheduleCommand) -> Result<Answer> {
    match command {
        ScheduleCommand::Show { proxy } => show(context, proxy.as_deref()).await,
        ScheduleCommand::Set { every, on_change, place } => match place.on {
            On::App => set_app(context, every.as_deref(), on_change, &place).await,
            On::Proxy if on_change.is_some() => {
                let message = "--on-change applies only to this program's own schedule. Nothing was changed.";
                Err(Error::new(ErrorCode::Usage, message).field("on_change"))
            }
            On::Proxy => {
                let hours = every.as_deref().unwrap_or_default().parse::<Hours>();
                let usage = |error: Error| {
                    Error::new(ErrorCode::Usage, format!("{} Nothing was changed.", error.message)).field("every")
                };
                let hours = hours.map_err(usage)?;
                on_proxies(context, &place, Some(hours)).await
            }
        },
        ScheduleCommand::Clear { place } => match place.on {
            On::App => clear_app(context, &place).await,
            On::Proxy => on_proxies(context, &place, None).await,
        },
    }
}

async fn show(context: &Context, proxy: Option<&str>) -> Result<Answer> {
    let chosen = context.settings()?;
    let mut told = Vec::new();
    for proxy in chosen.proxies(proxy)? {
        // The other one is shown where somebody wants it.
        let headers = proxy.beta_headers.is_some().then_some(Resource::BetaHeaders);
        for resource in [Resource::CostMap].into_iter().chain(headers) {
            let status = ask(context, &proxy, resource).await;
            told.push(Told { proxy: proxy.clone(), resource, status });
        }
    }
    let document = json!({ "app": app(&chosen), "proxies": told.iter().map(document).collect::<Vec<_>>() });
    let answer = Answer::new(&context.screen, &document, || {
        let mut out = app_text(&chosen) + "\n";
        if !told.is_empty() {
            out.push_str(&format!("\n{}\n{}", paint(Tone::Strong, "In the proxies"), table(&context.screen, &told)));
        }
        out
    })?;
    Ok(with_problems(answer, &chosen.problems))
}

async fn ask(context: &Context, proxy: &Proxy, resource: Resource) -> Result<ScheduleStatus> {
    client(context, proxy).await?.schedule_status(resource).await
}

async fn client(context: &Context, proxy: &Proxy) -> Result<ProxyClient> {
    let key = context.secrets()?.key_for(proxy, &*Context::environment()).await?;
    ProxyClient::of(proxy, Some(key))
}

fn app(chosen: &Chosen) -> Value {
    let schedule = &chosen.settings.schedule;
    json!({
        "preset": schedule.preset,
        "every": schedule.interval(),
        "windows": schedule.windows,
        "on_change": schedule.on_change,
    })
}

fn app_text(chosen: &Chosen) -> String {
    let schedule = &chosen.settings.schedule;
    let Some(every) = schedule.interval() else {
        return "This program syncs only on request. `autosync schedule set --every 6h` changes that.".to_owned();
    };
    let windows = match schedule.windows.as_slice() {
        [] => String::new(),
        windows => format!(", {}", windows.join(", ")),
    };
    let at_once = if schedule.on_change { ", and at once when the source has a new map" } else { "" };
    format!("While running, this program syncs every {every} ({}){windows}{at_once}.", schedule.preset)
}

async fn set_app(
    context: &Context,
    every: Option<&str>,
    on_change: Option<bool>,
    place: &SchedulePlace,
) -> Result<Answer> {
    refuse_proxy(place)?;
    let every = every.map(period).transpose()?;
    let looked = look(context, context.settings()?.settings.proxies).await?;
    let interval = every
        .map(|every| SettingsEdit::SetSchedule { preset: Preset::Custom.to_string(), every: Some(every.to_string()) });
    for edit in interval.into_iter().chain(on_change.map(|on_change| SettingsEdit::SetOnChange { on_change })) {
        context.access().await?.change(context, edit).await?;
    }
    confirm(context, Some(&looked))
}

async fn clear_app(context: &Context, place: &SchedulePlace) -> Result<Answer> {
    refuse_proxy(place)?;
    let edit = SettingsEdit::SetSchedule { preset: Preset::Off.to_string(), every: None };
    context.access().await?.change(context, edit).await?;
    confirm(context, None)
}

/// Whether each proxy can be synced, and what stands in the way. All are asked at the same time.
async fn look(context: &Context, proxies: Vec<Proxy>) -> Result<Vec<(ProxyName, Option<Error>)>> {
    let mut asking = JoinSet::new();
    for (place, proxy) in proxies.iter().cloned().enumerate() {
        let (secrets, environment) = (context.secrets()?, Context::environment());
        asking.spawn(async move { (place, obstacle(&secrets, &environment, &proxy).await) });
    }
    let mut told: Vec<_> = proxies.into_iter().map(|proxy| (proxy.name, None)).collect();
    while let Some(asked) = asking.join_next().await {
        let (place, obstacle) =
            asked.map_err(|defect| Error::new(ErrorCode::Internal, "A proxy could not be checked.").detail(defect))?;
        if let Some((_, error)) = told.get_mut(place) {
            *error = obstacle;
        }
    }
    Ok(told)
}

async fn obstacle(secrets: &Secrets, environment: &Environment, proxy: &Proxy) -> Option<Error> {
    let (key, no_key) = match secrets.key_for(proxy, &**environment).await {
        Ok(key) => (Some(key), None),
        Err(error) => (None, Some(error)),
    };
    let facts = match ProxyClient::of(proxy, key) {
        Ok(client) => client.probe().await,
        Err(error) => Err(error),
    };
    match facts {
        Ok(facts) => super::proxy::problem(&facts, no_key),
        Err(error) => Some(error),
    }
}

/// What the settings say now, read again, and which proxies that can work for.
fn confirm(context: &Context, looked: Option<&[(ProxyName, Option<Error>)]>) -> Result<Answer> {
    let chosen = context.settings()?;
    let mut document = json!({ "app": app(&chosen) });
    if let Some(looked) = looked {
        let proxies =
            looked.iter().map(|(name, error)| json!({ "name": name, "can_sync": error.is_none(), "error": error }));
        document["proxies"] = proxies.collect();
    }
    let answer = Answer::new(&context.screen, &document, || {
        let can: Vec<&str> =
            looked.into_iter().flatten().filter(|(_, error)| error.is_none()).map(|(name, _)| name.as_str()).collect();
        let ready = if can.is_empty() { String::new() } else { format!("\nIt can sync {}.", can.join(", ")) };
        app_text(&chosen) + &ready
    })?;
    let answer = looked.into_iter().flatten().fold(answer, |answer, (name, error)| match error {
        Some(error) => answer.note(format!("{name} cannot be synced at present: {}", error.message)),
        None => answer,
    });
    Ok(with_problems(answer, &chosen.problems))
}

fn refuse_proxy(place: &SchedulePlace) -> Result<()> {
    if place.proxy.is_none() {
        return Ok(());
    }
    let message =
        "This program's own schedule applies to all proxies. Use --proxy only with --on proxy. Nothing was changed.";
    Err(Error::new(ErrorCode::Usage, message).field("proxy"))
}

/// Sets (`Some(hours)`) or clears the schedule of each proxy that is meant.
async fn on_proxies(context: &Context, place: &SchedulePlace, hours: Option<Hours>) -> Result<Answer> {
    let chosen = context.settings()?;
    let proxies = chosen.proxies(place.proxy.as_deref())?;
    if proxies.is_empty() {
        let message = "No proxy has been added yet. `autosync proxy add NAME URL --key-env VAR` adds one.";
        return Err(Error::new(ErrorCode::NotFound, message));
    }
    let mut told = Vec::new();
    for proxy in proxies {
        let resource = Resource::from(place.of);
        let status = change(context, &proxy, resource, hours).await;
        told.push(Told { proxy, resource, status });
    }
    // One proxy: its error is the command's own.
    if let [Told { status: Err(error), .. }] = told.as_slice() {
        return Err(error.clone());
    }
    let codes = told.iter().map(|told| told.status.as_ref().err().map_or(0, |error| error.code.exit_code()));
    let exit = engine::run::worst_exit_code(codes);
    let document = json!({ "proxies": told.iter().map(document).collect::<Vec<_>>() });
    let answer = Answer::new(&context.screen, &document, || table(&context.screen, &told))?.exit(exit);
    let answer = match (hours, place.of) {
        (Some(_), Of::Map) => answer.note(UNCHECKED).note(LEADS),
        (Some(_), Of::BetaHeaders) => answer.note(UNPROVED),
        (None, _) => answer,
    };
    Ok(with_problems(answer, &chosen.problems))
}

/// Looks at the proxy first, changes its schedule, and confirms by reading what it then says. From then on it is kept so.
async fn change(context: &Context, proxy: &Proxy, resource: Resource, hours: Option<Hours>) -> Result<ScheduleStatus> {
    let client = client(context, proxy).await?;
    let facts = client.probe().await?;
    if let Some(cause) = Diagnosis::of_key(&format!("The proxy {}", proxy.name), facts.key) {
        return Err(cause.refusal());
    }
    let status = match hours {
        Some(hours) => client.schedule_set(resource, hours).await,
        None => client.schedule_clear(resource).await,
    }?;
    keep(context, proxy, resource, hours).await?;
    Ok(status)
}

/// Writes down what is wanted. The proxy of the environment is in no file, so nothing can be kept for it.
async fn keep(context: &Context, proxy: &Proxy, resource: Resource, hours: Option<Hours>) -> Result<()> {
    if proxy.name.is(ENV_PROXY) {
        return Ok(());
    }
    let mut document = ProxyDocument::from(proxy);
    let text = hours.map(|hours| hours.to_string()).unwrap_or_default();
    match resource {
        Resource::CostMap => document.own_schedule = text,
        Resource::BetaHeaders => document.beta_headers = text,
    }
    if document == ProxyDocument::from(proxy) {
        return Ok(());
    }
    let edit = SettingsEdit::SetProxy { name: proxy.name.to_string(), proxy: document };
    context.access().await?.change(context, edit).await
}

fn document(told: &Told) -> Value {
    let (name, of) = (&told.proxy.name, told.resource);
    match &told.status {
        Ok(status) => json!({
            "proxy": name, "of": of, "scheduled": status.scheduled, "interval_hours": status.interval_hours,
            "last_run": status.last_run, "next_run": status.next_run, "error": null,
        }),
        Err(error) => json!({
            "proxy": name, "of": of, "scheduled": null, "interval_hours": null, "last_run": null, "next_run": null, "error": error,
        }),
    }
}

fn table(screen: &Screen, told: &[Told]) -> String {
    let heads = [
        Head::Left("proxy"),
        Head::Left("of"),
        Head::Left("schedule"),
        Head::Left("last run"),
        Head::Left("next run"),
        Head::Left(""),
    ];
    let mut grid = Grid::new(screen, &heads);
    let time =
        |at: Option<chrono::DateTime<chrono::Utc>>| cell(at.map(|at| when::both(at, screen.now)).unwrap_or_default());
    for Told { proxy, resource, status } in told {
        let (name, of) = (cell(proxy.name.as_str()), cell(what(*resource)));
        match status {
            Ok(status) => {
                let every = match (status.scheduled, status.interval_hours) {
                    (false, _) => "none".to_owned(),
                    (true, Some(hours)) => format!("every {hours} h"),
                    (true, None) => "at an unknown interval".to_owned(),
                };
                grid.row([name, of, cell(every), time(status.last_run), time(status.next_run), cell("")]);
            }
            Err(error) => {
                grid.row([name, of, toned(Tone::Warn, "unknown"), cell(""), cell(""), sentence(&error.message)]);
            }
        }
    }
    grid.text()
}

fn period(text: &str) -> Result<Period> {
    let usage = |why: &str| Error::new(ErrorCode::Usage, why).field("every");
    let period: Period = text.parse().map_err(|error: Error| usage(&error.message))?;
    if period.is_zero() {
        return Err(usage("The interval must be longer than zero. `autosync schedule clear` stops the schedule."));
    }
    Ok(period)
}
