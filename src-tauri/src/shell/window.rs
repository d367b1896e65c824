//! The dashboard's window: made when it is wanted, destroyed when it is closed. A hidden webview would keep 100 MB.

use std::time::Duration;

use api::AppEvent;
use api::view::Place;
use tauri::{
    AppHandle, LogicalSize, Manager, PhysicalRect, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent,
};

#[cfg(windows)]
use super::webview2;
use crate::ipc::{self, Started};

/// The only window.
const LABEL: &str = "main";

/// As the screens are drawn.
const SIZE: (f64, f64) = (1180.0, 760.0);

/// The narrowest that the screens are made for.
const SMALLEST: (f64, f64) = (720.0, 480.0);

/// Opens the window, or brings it to the front, and goes to a place.
pub(crate) fn open(app: &AppHandle, place: Option<Place>) {
    // A window may only be made on the main thread; from anywhere else this hands it over.
    let handle = app.clone();
    let work = move || {
        if let Err(error) = on_main(&handle, place.as_ref()) {
            tracing::error!(%error, "the window could not be opened");
        }
    };
    if let Err(error) = app.run_on_main_thread(work) {
        tracing::error!(%error, "the window could not be opened");
    }
}

fn on_main(app: &AppHandle, place: Option<&Place>) -> tauri::Result<()> {
    #[cfg(windows)]
    if tauri::webview_version().is_err() {
        webview2::ask_for();
        return Ok(());
    }
    if let Some(window) = app.get_webview_window(LABEL) {
        window.unminimize()?;
        window.show()?;
        window.set_focus()?;
        if let Some(place) = place {
            push(app, place.clone());
        }
        return Ok(());
    }
    // The Dock shows the app as long as it has a window.
    #[cfg(target_os = "macos")]
    app.set_activation_policy(tauri::ActivationPolicy::Regular)?;
    // A new page reads the place from its address.
    let page = format!("index.html{}", place.map(Place::address).unwrap_or_default());
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App(page.into()))
        .title("LiteLLM Auto-Sync")
        .inner_size(SIZE.0, SIZE.1)
        .min_inner_size(SMALLEST.0, SMALLEST.1)
        .build()?;
    tauri::async_runtime::spawn(keep_on_screen(window.clone()));
    let handle = app.clone();
    window.on_window_event(move |event| {
        if matches!(event, WindowEvent::Destroyed) {
            closed(&handle);
        }
    });
    Ok(())
}

/// How often the window is looked at until it has its size, and after which pause.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// A place that was kept may be on a screen that is not there any more, or all but outside one. Until the system has shown
/// the window, its place and size say nothing (on GTK it has 49 pixels then).
async fn keep_on_screen(window: WebviewWindow) {
    for _ in 0..LOOKS {
        tokio::time::sleep(PAUSE).await;
        match look_at(&window) {
            Ok(false) => {}
            Ok(true) => return,
            Err(error) => return tracing::warn!(%error, "it is not known whether the window is on a screen"),
        }
    }
}

/// Whether the window has its size; one that nobody could take hold of is put into the middle.
fn look_at(window: &WebviewWindow) -> tauri::Result<bool> {
    if window.is_maximized()? || window.is_fullscreen()? {
        return Ok(true);
    }
    let (at, size) = (window.outer_position()?, window.outer_size()?);
    if size.to_logical::<f64>(window.scale_factor()?).width < SMALLEST.0 {
        return Ok(false);
    }
    let screens: Vec<Area> = window.available_monitors()?.iter().map(|monitor| Area::of(monitor.work_area())).collect();
    let wanted = Area { left: at.x.into(), top: at.y.into(), width: size.width.into(), height: size.height.into() };
    if !screens.is_empty() && !screens.iter().any(|screen| screen.reaches(wanted)) {
        window.set_size(LogicalSize::new(SIZE.0, SIZE.1))?;
        window.center()?;
    }
    Ok(true)
}

/// A rectangle in physical pixels, of all screens together.
#[derive(Clone, Copy, Debug)]
struct Area {
    left: i64,
    top: i64,
    width: i64,
    height: i64,
}

/// So much of a window's upper edge must be on a screen that a person can take hold of it.
const HOLD: (i64, i64) = (160, 40);

impl Area {
    fn of(area: &PhysicalRect<i32, u32>) -> Self {
        Self {
            left: area.position.x.into(),
            top: area.position.y.into(),
            width: area.size.width.into(),
            height: area.size.height.into(),
        }
    }

    /// Whether a person can take hold of the window on this screen, and it is not larger than that.
    fn reaches(self, window: Self) -> bool {
        let seen = (window.left + window.width).min(self.left + self.width) - window.left.max(self.left);
        // Windows puts the upper edge of a maximised window some pixels above the screen.
        let top = window.top >= self.top - 8 && window.top + HOLD.1 <= self.top + self.height;
        seen >= HOLD.0 && top && window.width <= self.width + 32 && window.height <= self.height + 32
    }
}

/// Goes to a place in a window that is open.
fn push(app: &AppHandle, place: Place) {
    let started = app.state::<Started>().inner().clone();
    tauri::async_runtime::spawn(async move {
        if let Ok(api) = ipc::wait(started).await {
            api.push(AppEvent::Open { place });
        }
    });
}

/// Closing keeps the tray, or quits: the user's choice.
fn closed(app: &AppHandle) {
    #[cfg(target_os = "macos")]
    if let Err(error) = app.set_activation_policy(tauri::ActivationPolicy::Accessory) {
        tracing::warn!(%error, "the Dock still shows the app");
    }
    let (handle, started) = (app.clone(), app.state::<Started>().inner().clone());
    tauri::async_runtime::spawn(async move {
        if let Ok(api) = ipc::wait(started).await
            && api.closing_quits()
        {
            handle.exit(0);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(left: i64, top: i64, width: i64, height: i64) -> Area {
        Area { left, top, width, height }
    }

    #[test]
    fn a_window_comes_back_where_it_can_be_taken_hold_of() {
        let screens = [area(0, 0, 1920, 1040), area(-1280, 200, 1280, 984)];
        let is_kept = |window| screens.iter().any(|screen| screen.reaches(window));
        for kept in [(100, 100), (-1200, 220), (1760, 0), (-900, 192), (0, -8)] {
            assert!(is_kept(area(kept.0, kept.1, 1180, 760)), "{kept:?}");
        }
        for lost in [(1919, 100), (4000, 100), (100, -700), (100, 1030), (-2400, 220), (-1280, 100)] {
            assert!(!is_kept(area(lost.0, lost.1, 1180, 760)), "{lost:?}");
        }
        assert!(!is_kept(area(0, 0, 2560, 1400)), "larger than any screen");
    }
}
