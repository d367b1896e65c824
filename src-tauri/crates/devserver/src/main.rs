//! `autosync-dashboard`: the engine with the dashboard in a browser, for machines without a screen and for tests.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use api::view::HostKind;
use api::{Api, NoDesktop};
use clap::Parser;
use devserver::DevServer;
use engine::controller::{Engine, EngineOptions, Environment, FirstSyncs};
use engine::doctor::{CheckState, DoctorContext, examine};
use engine::door::{Door, Kind};
use engine::home::{Home, HomeLock};
use engine::log::init_tracing;
use engine::secrets::Secrets;
use engine::settings::{SettingsFile, SettingsProblem, with_environment};
use engine::signals::Signals;
use engine::{Clock, Result};
use tokio::sync::watch;

/// How long the first look may take at each thing: a person waits for `ready`.
const FIRST_LOOK: Duration = Duration::from_millis(3500);

/// The dashboard in a browser. It answers on this machine only, to whoever has the printed address.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Where settings, ledger and logs are.
    #[arg(long, env = "AUTOSYNC_HOME")]
    home: Option<PathBuf>,
    /// The built UI.
    #[arg(long, default_value = "ui/dist")]
    ui: PathBuf,
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Runtime::new();
    let done = runtime
        .map_err(|cause| cause.to_string())
        .and_then(|runtime| runtime.block_on(run(args)).map_err(|error| error.message));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            tell(&mut std::io::stderr(), &message);
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<()> {
    let mut signals = Signals::listen()?;
    let home = Home::resolve(args.home, &|name| std::env::var_os(name))?;
    let lock = HomeLock::acquire(&home, HomeLock::WAIT)?;
    let filter = std::env::var("AUTOSYNC_LOG").ok();
    let _log = init_tracing(Some(&home), filter.as_deref(), filter.is_some())?;
    let clock = Clock::system();
    let environment: Environment = Arc::new(|name| std::env::var(name).ok());
    let engine = Engine::start(EngineOptions {
        settings: SettingsFile::load(&home.settings())?,
        home: home.clone(),
        lock,
        environment: Arc::clone(&environment),
        clock: clock.clone(),
        scheduled: true,
        first_syncs: FirstSyncs::Asked,
    })
    .await?;
    let api = Api::new(
        engine.handle(),
        home.clone(),
        clock.clone(),
        Arc::clone(&environment),
        Box::new(NoDesktop),
        HostKind::Browser,
    );
    let mut door = match Door::serve(&engine, &home, Kind::Watch, None) {
        Ok(door) => Some(door),
        Err(error) => {
            let note = format!("note: {} {}", error.message, error.detail.unwrap_or_default());
            tell(&mut std::io::stderr(), &note);
            None
        }
    };
    let (latest, _) = watch::channel(None);
    let pushing = tokio::spawn(Arc::clone(&api).keep_pushing(latest));
    let server = DevServer::bind(api, args.ui, args.port).await?;
    let address = server.address.clone();
    let first_look = async {
        tell(&mut std::io::stdout(), &first_look(&home, &environment, &clock).await);
        tell(&mut std::io::stdout(), &format!("\nDashboard: {address}\nready"));
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = first_look => {}
        served = server.serve() => if let Err(cause) = served {
            tracing::error!(%cause, "the dashboard's address was lost");
        },
        () = signals.next() => {}
    }
    pushing.abort();
    if let Some(door) = &mut door {
        door.close().await;
    }
    // Those who wait at the door are answered by this.
    engine.shutdown().await;
    if let Some(door) = door {
        door.end().await;
    }
    Ok(())
}

/// What works, what does not, and what to do about it. An unreachable source or no proxy is a state, not an end.
async fn first_look(home: &Home, environment: &Environment, clock: &Clock) -> String {
    let Ok(file) = SettingsFile::load(&home.settings()) else { return String::new() };
    let (settings, ignored) = with_environment(file.settings(), &**environment);
    let problems: Vec<SettingsProblem> = file.problems().iter().cloned().chain(ignored).collect();
    let report = examine(DoctorContext {
        home,
        settings: &settings,
        problems: &problems,
        secrets: &Secrets::new(home),
        environment,
        clock,
        model: None,
        proxy: None,
        patience: FIRST_LOOK,
    })
    .await;
    let lines = report.items.iter().map(|item| {
        let word = match item.state {
            CheckState::Ok => "ok  ",
            CheckState::Warn => "note",
            CheckState::Fail => "FAIL",
        };
        let about = item.proxy.as_deref().map(|proxy| format!("{proxy}: ")).unwrap_or_default();
        let remedy = item.remedy.as_deref().map(|remedy| format!(" {remedy}")).unwrap_or_default();
        format!("{word}  {about}{}{remedy}", item.message)
    });
    let guide = "No proxy at hand? `cargo xtask demo` shows a whole sync on a real LiteLLM proxy.".to_owned();
    lines.chain([guide]).collect::<Vec<_>>().join("\n")
}

fn tell(to: &mut dyn Write, text: &str) {
    // Nobody reads it where the pipe is closed, and that is no failure.
    writeln!(to, "{text}").and_then(|()| to.flush()).ok();
}
