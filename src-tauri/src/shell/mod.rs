//! The desktop: tray, window, toasts, start at login. Everything is drawn from the `api` crate's state; nothing here
//! decides about a sync.

mod desktop;
pub(crate) mod instance;
mod toast;
mod tray;
mod window;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use api::view::{AppState, HostKind};
use api::{Api, Desktop};
use engine::controller::{Engine, EngineOptions, Environment};
use engine::door::{Door, Kind};
use engine::home::{Home, HomeLock};
use engine::log::{LogGuard, init_tracing};
use engine::settings::SettingsFile;
use engine::{Clock, Error};
use tauri::async_runtime::spawn;
use tauri::{AppHandle, Manager, RunEvent};
use tokio::sync::watch;

use crate::ipc;
use desktop::AppDesktop;
use toast::Toasts;

/// Running jobs get this long to end when the program is quit; a reload in flight is `interrupted` at the next start.
const END_WITHIN: Duration = Duration::from_secs(8);

/// What must live as long as the program, and end in this order.
struct Running {
    engine: Engine,
    door: Door,
    _log: LogGuard,
}

/// The engine that is running, for the end of the program.
#[derive(Default)]
struct Keep(std::sync::Mutex<Option<Running>>);

/// Runs the app until it is quit.
#[expect(clippy::exit, reason = "in what tauri::generate_context generates")]
pub(crate) fn run(home: Home, lock: HomeLock, hidden: bool) -> ExitCode {
    if let Err(error) = display() {
        say_why_it_ends(&error);
        return ExitCode::from(2);
    }
    let (told, started) = watch::channel(None);
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_autostart::init(
            tauri_plugin_autostart::MacosLauncher::LaunchAgent,
            Some(vec!["--hidden"]),
        ))
        .plugin(tauri_plugin_window_state::Builder::new().with_denylist(&[]).build())
        .plugin(tauri_plugin_opener::init())
        .manage::<ipc::Started>(started)
        // Without a sender, windows that wait would take it for the end of the program.
        .manage(told.clone())
        .manage(Toasts::default())
        .manage(Keep::default())
        .invoke_handler(tauri::generate_handler![ipc::call])
        .setup(move |app| {
            // The tray comes first: people look for it, and it needs nothing that takes time.
            tray::create(app.handle())?;
            if !hidden {
                window::open(app.handle(), None);
            }
            spawn(start(app.handle().clone(), home, lock, told));
            Ok(())
        })
        .build(tauri::generate_context!());
    match app {
        Ok(app) => {
            let code = app.run_return(on_event);
            u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
        }
        Err(error) => {
            say_why_it_ends(&Error::new(engine::ErrorCode::Internal, "The desktop could not be opened.").detail(error));
            ExitCode::FAILURE
        }
    }
}

fn on_event(app: &AppHandle, event: RunEvent) {
    match event {
        // The last window closed. The tray lives on; a quit has a code.
        RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
        RunEvent::Exit => end(app),
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => window::open(app, None),
        _ => {}
    }
}

/// Starts the engine, and everything that draws from it.
async fn start(app: AppHandle, home: Home, lock: HomeLock, told: watch::Sender<Option<Result<Arc<Api>, Error>>>) {
    match begin(&app, home, lock).await {
        Ok((api, running)) => {
            let keep = app.state::<Keep>();
            if let Ok(mut keep) = keep.0.lock() {
                *keep = Some(running);
            }
            let (latest, states) = watch::channel::<Option<Arc<AppState>>>(None);
            spawn(ipc::forward(app.clone(), Arc::clone(&api)));
            spawn(Arc::clone(&api).keep_pushing(latest));
            spawn(tray::follow(app.clone(), Arc::clone(&api), states));
            let shown = app.clone();
            spawn(Arc::clone(&api).keep_toasting(move |toast| toast::show(&shown, toast)));
            told.send_replace(Some(Ok(api)));
        }
        Err(error) => {
            tracing::error!(%error, "the engine did not start");
            say_why_it_ends(&error);
            told.send_replace(Some(Err(error)));
            // The window says why; without one this is the only sign.
            window::open(&app, None);
        }
    }
}

async fn begin(app: &AppHandle, home: Home, lock: HomeLock) -> engine::Result<(Arc<Api>, Running)> {
    let filter = std::env::var("AUTOSYNC_LOG").ok();
    let log = init_tracing(Some(&home), filter.as_deref(), filter.is_some())?;
    let clock = Clock::system();
    let environment: Environment = Arc::new(|name| std::env::var(name).ok());
    let settings = SettingsFile::load(&home.settings())?;
    let engine = Engine::start(EngineOptions {
        home: home.clone(),
        lock,
        settings,
        environment: Arc::clone(&environment),
        clock: clock.clone(),
        scheduled: true,
    })
    .await?;
    let desktop: Box<dyn Desktop> = Box::new(AppDesktop(app.clone()));
    let shown = app.clone();
    let show = Arc::new(move |place: Option<String>| {
        let place = place.and_then(|place| serde_json::from_str(&place).ok());
        window::open(&shown, place);
    });
    let door = Door::serve(&engine, &home, Kind::App, Some(show))?;
    let api = Api::new(engine.handle(), home, clock, environment, desktop, HostKind::Desktop);
    Ok((api, Running { engine, door, _log: log }))
}

/// Lets running jobs end, and gives the home free.
fn end(app: &AppHandle) {
    let running = app.state::<Keep>().0.lock().ok().and_then(|mut keep| keep.take());
    if let Some(Running { engine, door, _log }) = running {
        tauri::async_runtime::block_on(async {
            door.end().await;
            if tokio::time::timeout(END_WITHIN, engine.shutdown()).await.is_err() {
                tracing::warn!("the engine did not end in time");
            }
        });
    }
}

/// GTK ends the program where there is no display; saying why is better.
fn display() -> engine::Result<()> {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(target_os = "linux") && !is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY") {
        return Err(Error::new(
            engine::ErrorCode::Unsupported,
            "There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set). `autosync watch` does the same without one.",
        ));
    }
    Ok(())
}

/// On the terminal, where there is one, and as a toast, since an app that ends without a word looks broken.
pub(crate) fn say_why_it_ends(error: &Error) {
    use std::io::Write;
    let detail = error.detail.as_deref().map(|detail| format!("\n{detail}")).unwrap_or_default();
    writeln!(std::io::stderr(), "{}{detail}", error.message).ok();
    toast::plain("LiteLLM Auto-Sync could not start", &error.message);
}
