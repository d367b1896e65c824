//! The desktop: tray, toasts, start at login, and the window's process. Everything is drawn from the `api` crate's state;
//! nothing here decides about a sync.

mod desktop;
#[cfg(target_os = "linux")]
mod gtk;
#[cfg(target_os = "linux")]
mod host;
pub(crate) mod instance;
pub(crate) mod link;
mod login;
mod memory;
mod started;
mod taskbar;
mod toast;
mod tray;
mod update;
#[cfg(windows)]
mod webview2;
mod window;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use api::view::{AppState, HostKind, Place};
use api::{Api, Desktop};
use engine::controller::{Engine, EngineOptions, Environment, FirstSyncs};
use engine::door::{Door, Kind};
use engine::home::{Home, HomeLock};
use engine::log::{LogGuard, init_tracing};
use engine::settings::SettingsFile;
use engine::signals::Signals;
use engine::{Clock, Error, ErrorCode};
use tauri::async_runtime::{spawn, spawn_blocking};
use tauri::{AppHandle, Manager, RunEvent};
use tokio::sync::watch;

use desktop::AppDesktop;
use started::{Started, Told};
use toast::Toasts;
#[cfg(windows)]
pub(crate) use toast::name_process;
use window::Window;

/// Running jobs get this long to end when the program is quit; a reload in flight is `interrupted` at the next start. At the
/// end of a session Windows waits 5 s before it says that the app is in the way.
const END_WITHIN: Duration = Duration::from_secs(if cfg!(windows) { 3 } else { 8 });

/// The title of what went wrong at the start.
const NOT_STARTED: &str = "LiteLLM Auto-Sync could not start";

/// What must live as long as the program, and end in this order.
enum Running {
    /// The engine runs. Without a door everything else works.
    Whole { engine: Engine, door: Option<Door>, _log: Option<LogGuard> },
    /// The engine did not start. The home is held all the same, so that no second app starts beside this one.
    Failed { _lock: Option<HomeLock>, _log: Option<LogGuard> },
}

/// What is running, for the end of the program.
#[derive(Default)]
struct Keep(std::sync::Mutex<Option<Running>>);

impl Keep {
    fn put(&self, running: Running) {
        if let Ok(mut keep) = self.0.lock() {
            *keep = Some(running);
        }
    }

    /// Whether the end was reached already.
    fn is_empty(&self) -> bool {
        self.0.lock().is_ok_and(|keep| keep.is_none())
    }
}

/// Runs the app until it is quit.
pub(crate) fn run(home: Home, lock: HomeLock, hidden: bool, place: Option<&Place>) -> ExitCode {
    if let Err(error) = display() {
        could_not_start(&error);
        return ExitCode::from(2);
    }
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    memory::one_heap();
    // First, since a web view takes the longest to come up, and before GTK, which takes out of the environment by what the
    // desktop knows the window that it waits for.
    let window = (!hidden && window::is_possible()).then(|| window::start(place));
    #[cfg(target_os = "linux")]
    gtk::init();
    let (told, started) = watch::channel(None);
    let builder = tauri::Builder::default();
    // The focus is for the window's process.
    #[cfg(target_os = "macos")]
    let builder = builder.activate_ignoring_other_apps(false);
    let app = builder
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_updater::Builder::new().build())
        .manage(update::Updates::new())
        .manage::<Started>(started)
        // Without a sender, windows that wait would take it for the end of the program.
        .manage(told.clone())
        .manage(Toasts::default())
        .manage(Window::default())
        .manage(Keep::default())
        .manage(home.clone())
        .setup(move |app| {
            // The tray comes first: people look for it, and it needs nothing that takes time.
            tray::create(app.handle())?;
            match login::at_login(&home) {
                Ok(entry) => {
                    login::heal(&entry, &home);
                    app.manage(entry);
                }
                Err(error) => tracing::warn!(%error, "the app cannot start at login"),
            }
            #[cfg(target_os = "linux")]
            {
                app.manage(host::TrayHost::default());
                host::watch(app.handle());
            }
            // Before the window, which may have to say that it cannot be opened.
            spawn(start(app.handle().clone(), home, lock, told));
            if let Some(window) = window {
                window::follow(app.handle(), window);
            }
            Ok(())
        })
        .build(crate::context());
    match app {
        #[cfg_attr(not(target_os = "macos"), expect(unused_mut, reason = "only macOS has a Dock"))]
        Ok(mut app) => {
            // Before it runs, or the Dock shows it for a moment: there it is by the window's process alone.
            #[cfg(target_os = "macos")]
            app.set_activation_policy(tauri::ActivationPolicy::Accessory);
            let code = app.run_return(|app, event| on_event(app, &event));
            u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
        }
        Err(error) => {
            could_not_start(&Error::new(ErrorCode::Internal, "The desktop could not be opened.").detail(error));
            ExitCode::FAILURE
        }
    }
}

fn on_event(app: &AppHandle, event: &RunEvent) {
    match event {
        RunEvent::Exit => end(app),
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => window::open(app, None),
        _ => {}
    }
}

/// SIGTERM, as at the end of a session, and Ctrl-C are as good as Quit in the menu. Who asks again waits no longer for
/// what is running; a run that is cut off is told as interrupted at the next start.
#[expect(clippy::exit, reason = "the orderly end is under way, and is what takes too long")]
async fn quit_when_told(app: AppHandle) {
    match Signals::listen() {
        Ok(mut signals) => {
            signals.next().await;
            app.exit(0);
            signals.next().await;
            std::process::exit(1);
        }
        Err(error) => tracing::warn!(%error, detail = error.detail.as_deref(), "signals are not listened to"),
    }
}

/// Starts the engine, and everything that draws from it.
async fn start(app: AppHandle, home: Home, lock: HomeLock, told: Told) {
    let mut log = None;
    match begin(&app, &home, lock, &mut log).await {
        Ok((api, engine, door)) => {
            app.state::<Keep>().put(Running::Whole { engine, door, _log: log });
            let (latest, states) = watch::channel::<Option<Arc<AppState>>>(None);
            // Heard from now on: before any page can have been told the state.
            spawn(window::forward(app.clone(), api.events()));
            spawn(Arc::clone(&api).keep_pushing(latest));
            spawn(tray::follow(app.clone(), Arc::clone(&api), states));
            let shown = app.clone();
            spawn(memory::keep_small());
            spawn(update::keep_checking(app.clone(), Arc::clone(&api)));
            spawn(Arc::clone(&api).keep_toasting(move |toast| toast::show(&shown, toast)));
            told.send_replace(Some(Ok(api)));
        }
        Err(error) => {
            tracing::error!(%error, detail = error.detail.as_deref(), "the engine did not start");
            fail(&app, home, error, log, &told).await;
        }
    }
}

/// Logging goes on in `log` where the rest fails.
async fn begin(
    app: &AppHandle,
    home: &Home,
    lock: HomeLock,
    log: &mut Option<LogGuard>,
) -> engine::Result<(Arc<Api>, Engine, Option<Door>)> {
    let filter = std::env::var("AUTOSYNC_LOG").ok();
    *log = Some(init_tracing(Some(home), filter.as_deref(), filter.is_some())?);
    // Only now, since what fails in these is told by the log alone.
    spawn(quit_when_told(app.clone()));
    #[cfg(windows)]
    toast::register(home);
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
        first_syncs: FirstSyncs::Asked,
    })
    .await?;
    let desktop: Box<dyn Desktop> = Box::new(AppDesktop(app.clone()));
    let shown = app.clone();
    let show = Arc::new(move |place: Option<String>| {
        let place = place.and_then(|place| serde_json::from_str(&place).ok());
        window::open(&shown, place);
    });
    let door = match Door::serve(&engine, home, Kind::App, Some(show)) {
        Ok(door) => Some(door),
        Err(error) => {
            tracing::warn!(%error, detail = error.detail.as_deref(), "there is no door");
            None
        }
    };
    let api = Api::new(engine.handle(), home.clone(), clock, environment, desktop, HostKind::Desktop);
    Ok((api, engine, door))
}

/// Without an engine the app stays and says why: in the tray, in the window, and in a toast. What it held of the home
/// went with the engine; it is taken again, or the next start would put a second icon into the tray.
async fn fail(app: &AppHandle, home: Home, error: Error, log: Option<LogGuard>, told: &Told) {
    let taken = spawn_blocking(move || HomeLock::acquire(&home, HomeLock::WAIT)).await;
    let is_lost = matches!(&taken, Ok(Err(busy)) if busy.code == ErrorCode::HomeBusy);
    app.state::<Keep>().put(Running::Failed { _lock: taken.ok().and_then(Result::ok), _log: log });
    if !is_lost {
        tray::fail(app, &error);
        told.send_replace(Some(Err(error.clone())));
        // The window says why; without one this is the only sign.
        window::open(app, None);
    }
    // It blocks.
    drop(spawn_blocking(move || could_not_start(&error)).await);
    if is_lost {
        // Another start came in between and has an icon of its own.
        app.exit(1);
    }
}

/// Closes the window, lets running jobs end, and gives the home free.
fn end(app: &AppHandle) {
    let window = window::end(app);
    let running = app.state::<Keep>().0.lock().ok().and_then(|mut keep| keep.take());
    tauri::async_runtime::block_on(async {
        let Some(Running::Whole { engine, mut door, _log }) = running else { return window.await };
        if let Some(door) = &mut door {
            door.close().await;
        }
        // Those who wait at the door are answered by this.
        if tokio::time::timeout(END_WITHIN, engine.shutdown()).await.is_err() {
            tracing::warn!("the engine did not end in time");
        }
        if let Some(door) = door {
            door.end().await;
        }
        window.await;
    });
}

/// GTK ends the program where there is no display; saying why is better.
fn display() -> engine::Result<()> {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(target_os = "linux") && !is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY") {
        return Err(Error::new(
            ErrorCode::Unsupported,
            "There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set). `autosync watch` does the same without a display.",
        ));
    }
    Ok(())
}

/// Says why, on the terminal, where there is one, and as a toast, since an app that ends without a word looks broken.
/// Blocks.
pub(crate) fn could_not_start(error: &Error) {
    use std::io::Write;
    let detail = error.detail.as_deref().map(|detail| format!("\n{detail}")).unwrap_or_default();
    writeln!(std::io::stderr(), "{}{detail}", error.message).ok();
    toast::plain(NOT_STARTED, &error.message);
}
