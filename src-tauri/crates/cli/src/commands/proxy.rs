//! `autosync proxy add|list|test|remove`.

use std::path::PathBuf;

use engine::gateway::known_address;
use engine::local_file::{self, LocalFile};
use engine::proxy::{Database, KeyState, ProxyClient, ProxyFacts};
use engine::settings::{KeyPlace, Proxy, ProxyDocument, ProxyUrl, Role, SettingsEdit};
use engine::source::Source;
use engine::sync::{OtherSource, OwnGateway};
use engine::{Error, ErrorCode, Result};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::with_problems;
use crate::args::{ProxyAddArgs, ProxyCommand};
use crate::context::{Access, Context};
use crate::output::grid::{Grid, Head, cell, toned};
use crate::output::tone::{Tone, paint};
use crate::output::{Answer, Screen, count, safe};

pub(super) async fn run(context: &Context, command: ProxyCommand) -> Result<Answer> {
    match command {
        ProxyCommand::Add(args) => add(context, args).await,
        ProxyCommand::List => list(context),
        ProxyCommand::Test { name } => test(context, &name).await,
        ProxyCommand::ReloadHeaders { name } => reload_headers(context, &name).await,
        ProxyCommand::Set { name, local_file, restart, no_restart } => {
            set(context, &name, local_file, restart, no_restart).await
        }
        ProxyCommand::Restore { name } => restore(context, &name).await,
        ProxyCommand::Remove { name } => remove(context, &name).await,
    }
}

async fn add(context: &Context, args: ProxyAddArgs) -> Result<Answer> {
    let proxy = proxy(&args)?;
    refuse_taken(context, &proxy)?;
    // All that may take its time comes before the home is held: nobody else waits for a person or a network.
    let key = if args.key_stdin { Some(key_from_stdin().await?) } else { None };
    // Who is there, asked without a key: it goes to nobody before a LiteLLM has shown itself.
    let there = ProxyClient::new(proxy.url.url(), None)?.identify().await.map(ToString::to_string);
    if let Err(error) = &there
        && error.code == ErrorCode::NotLitellm
    {
        return Err(error.clone());
    }
    let access = context.access().await?;
    refuse_taken(context, &proxy)?;
    let secrets = context.secrets()?;
    if let Some(key) = &key {
        secrets.set(&proxy.name, key).await?;
    }
    if let Err(error) = access.change(context, SettingsEdit::AddProxy { proxy: (&proxy).into() }).await {
        // A name that somebody else took in this very moment: the key under it may be theirs.
        if key.is_some() && error.code != ErrorCode::AlreadyExists {
            secrets.delete(&proxy.name).await.ok();
        }
        return Err(error);
    }
    let elsewhere = match (&access, &proxy.key) {
        (Access::Door(door), KeyPlace::Env(variable)) => Some(format!(
            "Process {}, which runs the syncs, needs the variable {variable} in its own environment.",
            door.who().pid
        )),
        _ => None,
    };
    drop(access);
    let next = format!("`autosync proxy test {}` shows what it allows; `autosync sync` syncs it.", proxy.name);
    let (version, warning) = match there {
        Ok(version) => (Some(version), None),
        Err(error) => (None, Some(error)),
    };
    let document = json!({ "proxy": proxy, "version": version, "warning": warning });
    let answer = Answer::new(&context.screen, &document, || {
        let version = version.as_deref().map(|version| format!(", LiteLLM {}", safe(version))).unwrap_or_default();
        format!("Added {} at {}{version}, its key in {}.\n{next}", proxy.name, proxy.url, place(&proxy.key))
    })?;
    let warning = warning.map(|error| format!("The proxy was added but could not be tested: {}", error.message));
    Ok([warning, elsewhere].into_iter().flatten().fold(answer, Answer::note))
}

fn refuse_taken(context: &Context, proxy: &Proxy) -> Result<()> {
    if context.settings()?.settings.proxy(proxy.name.as_str()).is_err() {
        return Ok(());
    }
    let message = format!("There is already a proxy named {}. Nothing was changed.", proxy.name);
    Err(Error::new(ErrorCode::AlreadyExists, message).field("name"))
}

fn proxy(args: &ProxyAddArgs) -> Result<Proxy> {
    let key = match &args.key_env {
        Some(variable) => format!("env:{variable}").parse().map_err(|error: Error| error.field("key_env"))?,
        None => KeyPlace::Keyring,
    };
    Ok(Proxy {
        name: args.name.parse()?,
        url: ProxyUrl::parse(&args.url, args.allow_plain_http)?,
        role: args.role.parse::<Role>().map_err(|error| Error { code: ErrorCode::Usage, ..error }.field("role"))?,
        key,
        key_header: args.key_header.parse().map_err(|error: Error| error.field("key_header"))?,
        allow_plain_http: args.allow_plain_http,
        ca_file: args.ca_file.as_deref().map(whole).transpose()?,
        restart: Vec::new(),
        local_file: None,
        own_schedule: None,
        beta_headers: None,
    })
}

async fn set(
    context: &Context,
    name: &str,
    local_file: Option<PathBuf>,
    restart: Vec<String>,
    no_restart: bool,
) -> Result<Answer> {
    let proxy = context.settings()?.settings.proxy(name)?.clone();
    let mut document = ProxyDocument::from(&proxy);
    if let Some(file) = local_file {
        document.local_file = match file.to_str() {
            Some("none") => String::new(),
            Some("auto") => found_file().await?,
            _ => std::path::absolute(&file).unwrap_or(file).to_string_lossy().into_owned(),
        };
    }
    if !restart.is_empty() || no_restart {
        document.restart = restart;
    }
    let edit = SettingsEdit::SetProxy { name: proxy.name.to_string(), proxy: document.clone() };
    context.access().await?.change(context, edit).await?;
    Answer::new(&context.screen, &json!({ "proxy": document }), || {
        let mut out = format!("Saved. The next sync of {} uses it.", proxy.name);
        if !document.local_file.is_empty() {
            out.push_str(&format!(
                "\nIts map file is {}; the original is kept before it is first written.",
                safe(&document.local_file)
            ));
        }
        if !document.restart.is_empty() {
            out.push_str(&format!("\nIt is restarted with: {}", safe(&document.restart.join(" "))));
        }
        out
    })
}

/// What the proxy says of it, which is no proof: it says the same where it could not fetch the list.
async fn reload_headers(context: &Context, name: &str) -> Result<Answer> {
    let proxy = context.settings()?.settings.proxy(name)?.clone();
    let key = context.secrets()?.key_for(&proxy, &*Context::environment()).await?;
    let client = ProxyClient::of(&proxy, Some(key))?;
    client.identify().await?;
    let providers = client.reload_beta_headers().await?;
    let document = json!({ "proxy": proxy.name, "providers": providers, "proved": false });
    let answer = Answer::new(&context.screen, &document, || {
        format!(
            "{} loaded its Anthropic beta headers for {}.",
            proxy.name,
            count(providers.try_into().unwrap_or(0), "provider")
        )
    })?;
    Ok(answer.note("A proxy doesn't show which list it holds, so this isn't proved: if it couldn't fetch the list, it uses the one in its package and reports the same."))
}

/// The only map file of a LiteLLM that the Python of this machine has.
async fn found_file() -> Result<String> {
    let found = local_file::find().await;
    match &found[..] {
        [one] => Ok(one.display().to_string()),
        [] => {
            let message = "No Python here has LiteLLM. Nothing was changed. Give the file's path: it lies in the proxy's installation, in site-packages/litellm.";
            Err(Error::new(ErrorCode::NotFound, message).field("local_file"))
        }
        several => {
            let all: Vec<String> = several.iter().map(|file| file.display().to_string()).collect();
            let message = format!(
                "Several installations have LiteLLM. Nothing was changed. Choose one with --local-file: {}",
                all.join(", ")
            );
            Err(Error::new(ErrorCode::Usage, message).field("local_file"))
        }
    }
}

/// The way back: the original in its place, nothing written any more, and the proxy told.
async fn restore(context: &Context, name: &str) -> Result<Answer> {
    let proxy = context.settings()?.settings.proxy(name)?.clone();
    let Some(file) = &proxy.local_file else {
        let message = format!("No file of {} is written here. Nothing was changed.", proxy.name);
        return Err(Error::new(ErrorCode::NotFound, message).field("local_file"));
    };
    let file = LocalFile::new(proxy.name.as_str(), file, &context.home()?.backups());
    let document = ProxyDocument { local_file: String::new(), ..ProxyDocument::from(&proxy) };
    let access = context.access().await?;
    let revision = file.restore().await?;
    // Only now: a sync in between would write the promoted map again, and the next one would not.
    access.change(context, SettingsEdit::SetProxy { name: proxy.name.to_string(), proxy: document }).await?;
    let key = context.secrets()?.key_for(&proxy, &*Context::environment()).await.ok();
    let reloaded = ProxyClient::of(&proxy, key)?.reload().await;
    let warning = reloaded.err().map(|error| error.message);
    let document = json!({ "proxy": proxy.name, "revision": revision, "warning": warning });
    let answer = Answer::new(&context.screen, &document, || {
        format!("The original map file of {} is back in its place ({}).", proxy.name, revision.short())
    })?;
    Ok(match warning {
        Some(why) => answer.note(format!("The proxy was not reloaded, so it has the old map until it restarts: {why}")),
        None => answer,
    })
}

/// The whole path of a file of authorities that is there.
fn whole(file: &std::path::Path) -> Result<PathBuf> {
    let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let text = path.to_string_lossy();
    Ok(engine::settings::usable_ca_file(&text)?.unwrap_or_else(|| path.clone()))
}

async fn key_from_stdin() -> Result<SecretString> {
    let pipe = "--key-stdin reads the key from a pipe, so that it never shows on screen: `printf %s \"$KEY\" | autosync proxy add …`.";
    super::secret_from_stdin(pipe, "key", "No proxy was added.").await
}

fn list(context: &Context) -> Result<Answer> {
    let chosen = context.settings()?;
    let proxies = &chosen.settings.proxies;
    let answer = Answer::new(&context.screen, &json!({ "proxies": proxies }), || {
        if proxies.is_empty() {
            return "No proxy has been added yet. `autosync proxy add NAME URL --key-env VAR` adds one.".to_owned();
        }
        let heads = [Head::Left("name"), Head::Left("address"), Head::Left("role"), Head::Left("key")];
        let mut grid = Grid::new(&context.screen, &heads);
        for proxy in proxies {
            grid.row([
                cell(proxy.name.as_str()),
                cell(proxy.url.as_str()),
                cell(proxy.role.as_str()),
                cell(place(&proxy.key)),
            ]);
        }
        grid.text()
    })?;
    Ok(with_problems(answer, &chosen.problems))
}

fn place(key: &KeyPlace) -> String {
    match key {
        KeyPlace::Keyring => "the system's key store".to_owned(),
        KeyPlace::Env(variable) => format!("the variable {variable}"),
    }
}

async fn test(context: &Context, name: &str) -> Result<Answer> {
    let chosen = context.settings()?;
    let proxy = chosen.settings.proxy(name)?.clone();
    let (key, no_key) = match context.secrets()?.key_for(&proxy, &*Context::environment()).await {
        Ok(key) => (Some(key), None),
        Err(error) => (None, Some(error)),
    };
    let facts = ProxyClient::of(&proxy, key)?.probe().await?;
    // One whose source cannot be used is told by `autosync source`.
    let source = chosen.settings.source().map(Source::from).ok();
    let gateway = match context.ledger().await? {
        Some(ledger) => known_address(&ledger).await?,
        None => None,
    };
    let own = OwnGateway {
        address: gateway.as_ref(),
        proxy: proxy.name.as_str(),
        came: false,
        publish: chosen.settings.publish.as_ref(),
    };
    let other = source
        .as_ref()
        .and_then(|source| Some(OtherSource::of(source, facts.source.as_ref(), own)?.diagnosis(source).error()));
    let problem = problem(&facts, no_key).or(other);
    let exit = problem.as_ref().map_or(0, |error| error.code.exit_code());
    let document = document(&proxy, &facts, problem.as_ref());
    let answer = Answer::new(&context.screen, &document, || text(&context.screen, &proxy, &facts, problem.as_ref()))?;
    Ok(with_problems(answer.exit(exit), &chosen.problems))
}

/// What stands in the way of a sync. That no key is there is told with where it was looked for.
pub(super) fn problem(facts: &ProxyFacts, no_key: Option<Error>) -> Option<Error> {
    no_key.filter(|_| facts.key == KeyState::Missing).or_else(|| facts.obstacle().map(|cause| cause.error()))
}

fn document(proxy: &Proxy, facts: &ProxyFacts, problem: Option<&Error>) -> Value {
    let database = match facts.database {
        Database::Yes => Some(true),
        Database::No => Some(false),
        Database::Unknown => None,
    };
    json!({
        "name": proxy.name,
        "url": proxy.url,
        "reachable": true,
        "version": facts.version,
        "key": facts.key,
        "may_sync": facts.may_sync,
        "database": database,
        "capabilities": facts.capabilities,
        "live": facts.source,
        "problem": problem,
    })
}

fn text(screen: &Screen, proxy: &Proxy, facts: &ProxyFacts, problem: Option<&Error>) -> String {
    let version = facts.version.as_ref().map_or(", version unknown".to_owned(), |version| format!(" {version}"));
    let yes_or_no = |yes: bool, good: &str, bad: &str| if yes { cell(good) } else { toned(Tone::Warn, bad) };
    let mut grid = Grid::new(screen, &[Head::Left(""), Head::Left("")]);
    let mut fact = |name: &str, field| grid.row([toned(Tone::Faint, name), field]);
    fact("reachable", cell(format!("yes, LiteLLM{}", safe(&version))));
    fact(
        "key",
        match facts.key {
            KeyState::Valid => cell("valid, admin"),
            KeyState::Invalid => toned(Tone::Bad, "refused"),
            KeyState::Missing => toned(Tone::Bad, "none"),
            KeyState::NotAdmin => toned(Tone::Bad, "valid, but not an admin key"),
        },
    );
    fact(
        "database",
        match facts.database {
            Database::Yes => cell("connected"),
            Database::No => toned(Tone::Bad, "none"),
            Database::Unknown => toned(Tone::Warn, "configured but not answering, or not reported"),
        },
    );
    fact("can sync", yes_or_no(facts.may_sync, "yes", "no"));
    if let Some(live) = &facts.source {
        let revision = live.source_revision.map_or("unknown revision".to_owned(), |revision| revision.short());
        let from = live.url.as_deref().map_or("the copy in its package".to_owned(), safe);
        fact("live map", cell(format!("{} models, {revision}, from {from}", live.model_count)));
    }
    let can = facts.capabilities;
    fact(
        "proof",
        cell(match (can.knows_revisions, can.knows_source) {
            (true, _) => "by revision and by reading the live map back",
            (false, true) => "by reading the live map back; this version reports no revision",
            (false, false) => "by reading the live map back; this version reports neither its source nor a revision",
        }),
    );
    let mut out = format!("{}  {}\n", paint(Tone::Strong, proxy.name.as_str()), proxy.url);
    out.push_str(&grid.text());
    for warning in can.traps() {
        out.push_str(&format!("{} {warning}\n", paint(Tone::Warn, "beware:")));
    }
    match problem {
        Some(error) => out + &format!("{} {}", paint(Tone::Bad, "A sync would fail:"), error.message),
        None => out + "`autosync sync` can sync it.",
    }
}

async fn remove(context: &Context, name: &str) -> Result<Answer> {
    let access = context.access().await?;
    let proxy = context.settings()?.settings.proxy(name)?.clone();
    access.change(context, SettingsEdit::RemoveProxy { name: name.to_owned() }).await?;
    let mut answer = Answer::new(&context.screen, &json!({ "removed": proxy.name }), || {
        format!("Removed {}. Its history is kept.", proxy.name)
    })?;
    if proxy.key == KeyPlace::Keyring
        && let Err(error) = context.secrets()?.delete(&proxy.name).await
    {
        answer = answer.note(format!("Its key may still be in the key store: {}", error.message));
    }
    Ok(answer)
}
