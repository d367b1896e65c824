//! Draws the tray that the `api` crate describes, and does what is clicked.
//!
//! On Linux the icon comes with the first menu that says something: GNOME's extension asks for a menu's labels apart from its
//! layout, and a second layout that comes meanwhile leaves it with blank lines.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::tray::{Tray, TrayAction, TrayIcon, TrayItem};
use api::view::{AppState, Place};
use api::{Api, Desktop};
use engine::Error;
use engine::error::bounded;
use engine::home::Home;
use serde_json::json;
use tauri::image::Image;
use tauri::menu::{IsMenuItem, Menu, MenuItem, PredefinedMenuItem, Submenu};
use tauri::tray::{MouseButton, MouseButtonState, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, Wry};
use tokio::sync::watch;

use super::desktop::{self, AppDesktop};
use super::started::{self, Started};
use super::{NOT_STARTED, taskbar, update, window};

/// The only tray icon.
const ID: &str = "tray";

/// "24 min ago" grows old: the menu is drawn anew this often.
const REFRESH: Duration = Duration::from_mins(1);

/// On Linux: so long each menu stays, so that what shows it has read all of it before the next.
const STAYS: Duration = Duration::from_millis(500);

/// On Linux: so long the icon waits for the first menu. An upgrade of a large ledger may take longer.
const FIRST: Duration = Duration::from_secs(2);

/// Characters of the line that says why the engine did not start: menus do not wrap, and the window has all of it.
const WIDTH: usize = 120;

/// So many items are remembered: each run and each proxy brings new ones.
const REMEMBERED: usize = 500;

/// What items do, by their id. Those of earlier menus stay known, since a menu that is open while the next one is drawn
/// can still be clicked, and then does what it says.
#[derive(Default)]
struct Actions(Mutex<HashMap<String, TrayAction>>);

impl Actions {
    fn learn(&self, new: HashMap<String, TrayAction>) {
        let Ok(mut known) = self.0.lock() else { return };
        if known.len() > REMEMBERED {
            known.clear();
        }
        known.extend(new);
    }

    fn get(&self, id: &str) -> Option<TrayAction> {
        self.0.lock().ok()?.get(id).cloned()
    }
}

/// The id of an item: what it does, and not where it stands, since another item may stand there in the next menu.
fn id(action: &TrayAction) -> String {
    format!("{action:?}")
}

/// Puts the icon into the tray, before anything is known.
pub(crate) fn create(app: &AppHandle) -> tauri::Result<()> {
    app.manage(Actions::default());
    if !cfg!(target_os = "linux") {
        return put(app, &Tray::starting(), taskbar::is_light());
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(FIRST).await;
        if app.tray_by_id(ID).is_none()
            && let Err(error) = put(&app, &Tray::starting(), false)
        {
            tracing::warn!(%error, "the tray could not be drawn");
        }
    });
    Ok(())
}

fn put(app: &AppHandle, tray: &Tray, light: bool) -> tauri::Result<()> {
    TrayIconBuilder::with_id(ID)
        .icon(image(tray.icon, light)?)
        .icon_as_template(cfg!(target_os = "macos"))
        .tooltip(&tray.tooltip)
        .menu(&menu(app, tray)?)
        .show_menu_on_left_click(cfg!(target_os = "macos"))
        .on_menu_event(|app, event| clicked(app, event.id().as_ref()))
        .on_tray_icon_event(|tray, event| {
            let is_open = matches!(
                event,
                TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, .. }
            );
            if is_open && !cfg!(target_os = "macos") {
                window::open(tray.app_handle(), None);
            }
        })
        .build(app)?;
    Ok(())
}

/// Draws each state, until the engine ends.
pub(crate) async fn follow(app: AppHandle, api: Arc<Api>, mut states: watch::Receiver<Option<Arc<AppState>>>) {
    let mut drawn = (Tray::starting(), taskbar::is_light());
    loop {
        let state = states.borrow_and_update().clone();
        if let Some(state) = state {
            let fresh = (Tray::of(&state, api.now()), taskbar::is_light());
            if fresh != drawn {
                match draw(&app, &fresh.0, fresh.1, (fresh.0.icon, fresh.1) != (drawn.0.icon, drawn.1)) {
                    Ok(()) => drawn = fresh,
                    Err(error) => tracing::warn!(%error, "the tray could not be drawn"),
                }
                if cfg!(target_os = "linux") {
                    tokio::time::sleep(STAYS).await;
                }
            }
        }
        tokio::select! {
            changed = states.changed() => if changed.is_err() { break },
            () = tokio::time::sleep(REFRESH) => {}
        }
    }
}

/// Says that the engine did not start, and why; what needs no engine can still be done.
pub(crate) fn fail(app: &AppHandle, error: &Error) {
    let action = |label: &str, action| TrayItem::Action(label.to_owned(), action);
    let menu = vec![
        TrayItem::Line(NOT_STARTED.to_owned()),
        TrayItem::Line(bounded(&error.message, WIDTH)),
        TrayItem::Separator,
        action("Open dashboard", TrayAction::Open(None)),
        action("Open logs", TrayAction::Logs),
        TrayItem::Separator,
        action("Quit LiteLLM Auto-Sync", TrayAction::Quit),
    ];
    let tray = Tray { icon: TrayIcon::Failed, tooltip: NOT_STARTED.to_owned(), menu };
    if let Err(error) = draw(app, &tray, taskbar::is_light(), true) {
        tracing::warn!(%error, "the tray could not be drawn");
    }
}

fn draw(app: &AppHandle, tray: &Tray, light: bool, new_icon: bool) -> tauri::Result<()> {
    let Some(icon) = app.tray_by_id(ID) else { return put(app, tray, light) };
    if new_icon {
        icon.set_icon_with_as_template(Some(image(tray.icon, light)?), cfg!(target_os = "macos"))?;
    }
    icon.set_tooltip(Some(&tray.tooltip))?;
    icon.set_menu(Some(menu(app, tray)?))
}

fn menu(app: &AppHandle, tray: &Tray) -> tauri::Result<Menu<Wry>> {
    let mut actions = HashMap::new();
    let items = items(app, &tray.menu, &mut actions)?;
    let items: Vec<&dyn IsMenuItem<Wry>> = items.iter().map(AsRef::as_ref).collect();
    let menu = Menu::with_items(app, &items)?;
    app.state::<Actions>().learn(actions);
    Ok(menu)
}

type Item = Box<dyn IsMenuItem<Wry>>;

fn items(app: &AppHandle, all: &[TrayItem], actions: &mut HashMap<String, TrayAction>) -> tauri::Result<Vec<Item>> {
    let mut made: Vec<Item> = Vec::new();
    for item in all {
        made.push(match item {
            TrayItem::Line(text) => Box::new(MenuItem::new(app, shown(text), false, None::<&str>)?),
            TrayItem::Separator => Box::new(PredefinedMenuItem::separator(app)?),
            TrayItem::Action(label, action) => {
                let id = id(action);
                actions.insert(id.clone(), action.clone());
                Box::new(MenuItem::with_id(app, id, shown(label), true, None::<&str>)?)
            }
            TrayItem::Submenu(label, below) => {
                let below = items(app, below, actions)?;
                let below: Vec<&dyn IsMenuItem<Wry>> = below.iter().map(AsRef::as_ref).collect();
                Box::new(Submenu::with_items(app, shown(label), true, &below)?)
            }
        });
    }
    Ok(made)
}

/// An ampersand marks a key in native menus; a name's own is doubled.
fn shown(text: &str) -> String {
    text.replace('&', "&&")
}

fn clicked(app: &AppHandle, id: &str) {
    let Some(action) = app.state::<Actions>().get(id) else { return };
    let (handle, started) = (app.clone(), app.state::<Started>().inner().clone());
    match action {
        TrayAction::Open(place) => window::open(app, place),
        TrayAction::Quit => app.exit(0),
        action => {
            tauri::async_runtime::spawn(async move {
                let done = match started::wait(started).await {
                    Ok(api) => act(&handle, &api, action).await,
                    // Without an engine they say the most.
                    Err(_) if action == TrayAction::Logs => {
                        AppDesktop(handle.clone()).open_folder(&handle.state::<Home>().logs())
                    }
                    Err(error) => Err(error),
                };
                if let Err(error) = done {
                    // What went wrong with a run is a toast of its own; the window shows the rest.
                    tracing::warn!(%error, "a click in the tray came to nothing");
                    window::open(&handle, None);
                }
            });
        }
    }
}

/// The same commands that the dashboard calls.
async fn act(app: &AppHandle, api: &Api, action: TrayAction) -> engine::Result<()> {
    let (name, args) = match action {
        TrayAction::Sync(proxy) => ("sync", json!({ "proxies": list(proxy), "force": false })),
        TrayAction::Cancel => ("cancel", json!({ "proxies": [] })),
        TrayAction::Ask(proxy) => ("ask", json!({ "proxies": [proxy] })),
        TrayAction::CheckSource => ("check_source", json!(null)),
        TrayAction::Pause(length) => ("pause", json!({ "length": length })),
        TrayAction::Resume => ("resume", json!(null)),
        TrayAction::Logs => ("open", json!({ "what": "logs" })),
        TrayAction::Diagnostics => {
            let text = api.call("diagnostics", json!(null)).await?;
            return desktop::copy(text["text"].as_str().unwrap_or_default());
        }
        TrayAction::Updates => {
            let section = Some("updates".to_owned());
            window::open(app, Some(Place::Settings { section, proxy: None }));
            update::check(app);
            return Ok(());
        }
        TrayAction::Open(_) | TrayAction::Quit => return Ok(()),
    };
    api.call(name, args).await.map(drop)
}

fn list(proxy: Option<String>) -> Vec<String> {
    proxy.into_iter().collect()
}

/// Windows' taskbar is dark or light, and says so; macOS colours a template itself; panels of Linux can be anything, so that
/// icon has its own ground.
fn image(icon: TrayIcon, light: bool) -> tauri::Result<Image<'static>> {
    macro_rules! file {
        ($name:literal) => {{
            #[cfg(target_os = "macos")]
            let bytes: &[u8] = include_bytes!(concat!("../../../icons/tray/template/", $name, ".png"));
            #[cfg(windows)]
            let bytes: &[u8] = if light {
                include_bytes!(concat!("../../../icons/tray/light/", $name, ".png"))
            } else {
                include_bytes!(concat!("../../../icons/tray/dark/", $name, ".png"))
            };
            #[cfg(not(any(windows, target_os = "macos")))]
            let bytes: &[u8] = include_bytes!(concat!("../../../icons/tray/", $name, ".png"));
            #[cfg(not(windows))]
            let _ = light;
            bytes
        }};
    }
    Image::from_bytes(match icon {
        TrayIcon::Healthy => file!("healthy"),
        TrayIcon::Syncing => file!("syncing"),
        TrayIcon::Attention => file!("attention"),
        TrayIcon::Failed => file!("failed"),
        TrayIcon::Paused => file!("paused"),
        TrayIcon::Stale => file!("stale"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn menu(actions: &[TrayAction]) -> HashMap<String, TrayAction> {
        actions.iter().map(|action| (id(action), action.clone())).collect()
    }

    #[test]
    fn a_click_in_a_menu_that_was_drawn_anew_does_what_the_item_says() {
        let actions = Actions::default();
        let prod = TrayAction::Sync(Some("prod".to_owned()));
        actions.learn(menu(&[TrayAction::Sync(None), prod.clone(), TrayAction::Pause(None)]));
        actions.learn(menu(&[TrayAction::Cancel, TrayAction::Pause(Some("1h"))]));
        for action in [TrayAction::Sync(None), prod, TrayAction::Cancel, TrayAction::Pause(None)] {
            assert_eq!(actions.get(&id(&action)), Some(action));
        }
        assert_eq!(actions.get("7"), None);
    }
}
