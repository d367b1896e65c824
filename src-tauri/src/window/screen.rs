//! Where the window is: never where no person could take hold of it.

use std::time::Duration;

use tauri::{LogicalSize, PhysicalRect, WebviewWindow};

use super::{SIZE, SMALLEST};

/// How often the window is looked at until it has its size, and after which pause.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// A place that was kept may be on a screen that is not there any more, or all but outside one. Until the system has shown
/// the window, its place and size say nothing (on GTK it has 49 pixels then).
///
/// # Errors
/// Where the system does not tell; the window stays where it is.
pub(super) async fn keep_on(window: &WebviewWindow) -> tauri::Result<()> {
    for _ in 0..LOOKS {
        tokio::time::sleep(PAUSE).await;
        if look_at(window)? {
            return Ok(());
        }
    }
    Ok(())
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
