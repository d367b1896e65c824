//! `autosync webhook add|list|set|test|remove`. The address is a secret like a key: it comes from stdin or a variable, and
//! stands in no output.

use engine::ledger::{Ledger, WebhookState};
use engine::settings::{KeyPlace, SettingsEdit, Webhook, WebhookDocument, WebhookKind};
use engine::webhooks::{self, WebhookStatus, WebhookUrl};
use engine::{Error, ErrorCode, Result};
use serde::Serialize;
use serde_json::json;

use super::with_problems;
use crate::args::{WebhookAddArgs, WebhookCommand, WebhookSetArgs};
use crate::context::{Access, Chosen, Context};
use crate::output::grid::{Grid, Head, cell, toned};
use crate::output::tone::Tone;
use crate::output::{Answer, Screen, count, safe, when};

pub(super) async fn run(context: &Context, command: WebhookCommand) -> Result<Answer> {
    match command {
        WebhookCommand::Add(args) => add(context, args).await,
        WebhookCommand::List => list(context).await,
        WebhookCommand::Set(args) => set(context, args).await,
        WebhookCommand::Test { name } => test(context, &name).await,
        WebhookCommand::Remove { name } => remove(context, &name).await,
    }
}

async fn add(context: &Context, args: WebhookAddArgs) -> Result<Answer> {
    let document = WebhookDocument {
        name: args.name,
        kind: if args.slack { WebhookKind::Slack } else { WebhookKind::Json }.to_string(),
        url: place(args.url_env.as_deref())?.to_string(),
        alerts: args.alerts,
        enabled: true,
    };
    let webhook = Webhook::try_from(&document)?;
    if context.settings()?.settings.webhook(webhook.name.as_str()).is_ok() {
        let message = format!("There is already a webhook named {}. Nothing was changed.", webhook.name);
        return Err(Error::new(ErrorCode::AlreadyExists, message).field("name"));
    }
    // All that may take its time comes before the home is held.
    let url = if args.url_stdin { Some(url_from_stdin().await?) } else { None };
    let unset = variable_problem(&webhook.url)?;
    let access = context.access().await?;
    let secrets = context.secrets()?;
    if let Some(url) = &url {
        secrets.set_webhook(&webhook.name, url).await?;
    }
    if let Err(error) = access.change(context, SettingsEdit::AddWebhook { webhook: document }).await {
        // A name that somebody else took in this very moment: the address under it may be theirs.
        if url.is_some() && error.code != ErrorCode::AlreadyExists {
            secrets.delete_webhook(&webhook.name).await.ok();
        }
        return Err(error);
    }
    if let Access::Here(_) = &access {
        begin(context, webhook.name.as_str()).await?;
    }
    let elsewhere = elsewhere(&access, &webhook.url);
    let answer = Answer::new(&context.screen, &json!({ "webhook": webhook }), || {
        format!(
            "Added {}: {}, its address in {}.\n`autosync webhook test {}` sends a test message. Alerts are sent while the app or `autosync watch` runs, and at the end of `autosync sync`.",
            webhook.name,
            kind_word(webhook.kind),
            where_it_is(&webhook.url),
            webhook.name
        )
    })?;
    Ok([unset, elsewhere].into_iter().flatten().fold(answer, Answer::note))
}

/// What was news before it was there is none for it.
async fn begin(context: &Context, name: &str) -> Result<()> {
    if context.ledger_is_there()? {
        Ledger::open_for_change(&context.home()?.ledger()).await?.begin_webhook(name).await?;
    }
    Ok(())
}

fn place(variable: Option<&str>) -> Result<KeyPlace> {
    let Some(variable) = variable else { return Ok(KeyPlace::Keyring) };
    format!("env:{variable}").parse().map_err(|_| {
        Error::new(ErrorCode::InvalidSetting, "--url-env takes the name of an environment variable, not the address.")
            .field("url_env")
    })
}

/// The variable may be set only where the alerts are sent from; one that is set here must hold an address.
fn variable_problem(place: &KeyPlace) -> Result<Option<String>> {
    let KeyPlace::Env(variable) = place else { return Ok(None) };
    match Context::environment()(variable).filter(|text| !text.trim().is_empty()) {
        Some(text) => WebhookUrl::parse(&text.into()).map(|_| None),
        None => Ok(Some(format!("The variable {variable} is not set here."))),
    }
}

fn elsewhere(access: &Access, place: &KeyPlace) -> Option<String> {
    match (access, place) {
        (Access::Door(door), KeyPlace::Env(variable)) => Some(format!(
            "Process {}, which sends the alerts, needs the variable {variable} in its own environment.",
            door.who().pid
        )),
        _ => None,
    }
}

async fn url_from_stdin() -> Result<WebhookUrl> {
    let pipe = "--url-stdin reads the address from a pipe, so that it never shows on screen: `printf %s \"$URL\" | autosync webhook add …`.";
    WebhookUrl::parse(&super::secret_from_stdin(pipe, "url", "Nothing was saved.").await?)
}

async fn set(context: &Context, args: WebhookSetArgs) -> Result<Answer> {
    let now = context.settings()?.settings.webhook(&args.name)?.clone();
    let mut document = WebhookDocument::from(&now);
    if let Some(kind) = args.kind {
        document.kind = kind;
    }
    match args.alerts {
        Some(words) if words == ["default"] => document.alerts = None,
        Some(words) => document.alerts = Some(words),
        None => {}
    }
    if args.url_stdin || args.url_env.is_some() {
        document.url = place(args.url_env.as_deref())?.to_string();
    }
    if args.on || args.off {
        document.enabled = args.on;
    }
    let webhook = Webhook::try_from(&document)?;
    let url = if args.url_stdin { Some(url_from_stdin().await?) } else { None };
    let unset = variable_problem(&webhook.url)?;
    let access = context.access().await?;
    if let Some(url) = &url {
        context.secrets()?.set_webhook(&webhook.name, url).await?;
    }
    access.change(context, SettingsEdit::SetWebhook { webhook: document }).await?;
    let elsewhere = elsewhere(&access, &webhook.url);
    let answer = Answer::new(&context.screen, &json!({ "webhook": webhook }), || {
        let state = if webhook.enabled { "on" } else { "off" };
        format!("Saved. {} is {state}: {}, {}.", webhook.name, kind_word(webhook.kind), alerts(&webhook))
    })?;
    Ok([unset, elsewhere].into_iter().flatten().fold(answer, Answer::note))
}

/// A webhook with how far it has got.
#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    webhook: &'a Webhook,
    #[serde(flatten)]
    state: WebhookState,
}

async fn list(context: &Context) -> Result<Answer> {
    let chosen = context.settings()?;
    let statuses = statuses(context, &chosen).await?;
    let state = |webhook: &Webhook| {
        let known = statuses.iter().find(|status| webhook.name.is(&status.name));
        known.map(|status| status.state.clone()).unwrap_or_default()
    };
    let rows: Vec<Row<'_>> =
        chosen.settings.webhooks.iter().map(|webhook| Row { webhook, state: state(webhook) }).collect();
    let answer = Answer::new(&context.screen, &json!({ "webhooks": rows }), || text(&context.screen, &rows))?;
    Ok(with_problems(answer, &chosen.problems))
}

async fn statuses(context: &Context, chosen: &Chosen) -> Result<Vec<WebhookStatus>> {
    match context.ledger().await? {
        Some(ledger) => webhooks::statuses(&ledger, &chosen.settings, context.clock.now()).await,
        None => Ok(Vec::new()),
    }
}

fn text(screen: &Screen, rows: &[Row<'_>]) -> String {
    if rows.is_empty() {
        return "No webhook has been added yet. `autosync webhook add NAME --slack --url-env VAR` adds one.".to_owned();
    }
    let heads = [
        Head::Left("name"),
        Head::Left("kind"),
        Head::Left("address"),
        Head::Left("alerts"),
        Head::Left("last arrived"),
        Head::Right("waiting"),
    ];
    let mut grid = Grid::new(screen, &heads);
    for Row { webhook, state } in rows {
        grid.row([
            cell(webhook.name.as_str()),
            cell(webhook.kind.as_str()),
            cell(where_it_is(&webhook.url)),
            if webhook.enabled { cell(alerts(webhook)) } else { toned(Tone::Warn, "switched off") },
            cell(state.last_delivered.map_or("never".to_owned(), |at| when::relative(at, screen.now))),
            cell(state.waiting.to_string()),
        ]);
    }
    let mut out = grid.text();
    for Row { webhook, state } in rows {
        if let Some(error) = &state.error {
            let next = state.next_try.filter(|at| *at > screen.now);
            let next = next.map(|at| format!(" It is tried again at {}.", when::exact(at))).unwrap_or_default();
            out.push_str(&format!("\n{}: {}{next}", webhook.name, safe(&error.message)));
        }
        if state.given_up > 0 {
            out.push_str(&format!(
                "\n{}: {} could not be delivered in 30 days.",
                webhook.name,
                count(state.given_up, "alert")
            ));
        }
    }
    out
}

fn alerts(webhook: &Webhook) -> String {
    match &webhook.alerts[..] {
        [] => "no alerts".to_owned(),
        some => some.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", "),
    }
}

fn kind_word(kind: WebhookKind) -> &'static str {
    match kind {
        WebhookKind::Slack => "text for Slack and its likes",
        WebhookKind::Json => "JSON",
    }
}

fn where_it_is(url: &KeyPlace) -> String {
    match url {
        KeyPlace::Keyring => "the system's key store".to_owned(),
        KeyPlace::Env(variable) => format!("the variable {variable}"),
    }
}

async fn test(context: &Context, name: &str) -> Result<Answer> {
    let chosen = context.settings()?;
    let webhook = chosen.settings.webhook(name)?;
    let (secrets, environment) = (context.secrets()?, Context::environment());
    let report = webhooks::test(&chosen.settings, webhook, &secrets, &*environment, &context.clock).await?;
    let answer = Answer::new(&context.screen, &json!({ "test": report }), || {
        format!("The test message arrived at {} in {} ms.", report.name, report.milliseconds)
    })?;
    Ok(with_problems(answer, &chosen.problems))
}

async fn remove(context: &Context, name: &str) -> Result<Answer> {
    let access = context.access().await?;
    let webhook = context.settings()?.settings.webhook(name)?.clone();
    access.change(context, SettingsEdit::RemoveWebhook { name: name.to_owned() }).await?;
    let mut answer = Answer::new(&context.screen, &json!({ "removed": webhook.name }), || {
        format!("Removed {}, with what waited for it.", webhook.name)
    })?;
    if webhook.url == KeyPlace::Keyring
        && let Err(error) = context.secrets()?.delete_webhook(&webhook.name).await
    {
        answer = answer.note(format!("Its address may still be in the key store: {}", error.message));
    }
    Ok(answer)
}
