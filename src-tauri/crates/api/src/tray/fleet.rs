//! The proxies in the menu: a line each, those in trouble first; many of them in groups.

use costmap::people::thousands;
use engine::status::Health;

use super::{TrayAction, TrayItem, cut, health_word, proxy, sync_word};
use crate::view::{Place, ProxyView};

/// So many proxies have a line each.
const EACH: usize = 10;

/// So many have one in a group; a menu that is longer than a screen is of no use.
const NAMED: usize = 15;

/// The words of all states, in the order in which somebody has to look.
const WORDS: [&str; 7] = ["Down", "Unauthorised", "Held", "Behind", "Syncing", "Unknown", "Synced"];

/// The lines of the menu for all proxies.
pub(super) fn lines(proxies: &[ProxyView]) -> Vec<TrayItem> {
    let rank = |proxy: &&ProxyView| WORDS.iter().position(|known| *known == word(proxy)).unwrap_or_default();
    let mut sorted: Vec<&ProxyView> = proxies.iter().collect();
    // As they stand in the settings, within a state.
    sorted.sort_by_key(rank);
    if sorted.len() <= EACH {
        return sorted.into_iter().map(proxy).collect();
    }
    sorted.chunk_by(|a, b| word(a) == word(b)).map(group).collect()
}

/// One line for all proxies of a state: "Down: 12".
fn group(all: &[&ProxyView]) -> TrayItem {
    if let [only] = all {
        return proxy(only);
    }
    let mut items: Vec<TrayItem> = all.iter().take(NAMED).map(|one| proxy(one)).collect();
    if all.len() > NAMED {
        let label = format!("and {} more…", thousands(all.len() - NAMED));
        items.push(TrayItem::Action(label, TrayAction::Open(Some(Place::Overview))));
    }
    TrayItem::Submenu(cut(&format!("{}: {}", all.first().map_or("", |one| word(one)), thousands(all.len()))), items)
}

/// The one word that a proxy's line ends with. Native menus may lose glyphs: the word carries the state.
pub(super) fn word(proxy: &ProxyView) -> &'static str {
    match proxy.health {
        Some(Health::Down | Health::Unauthorised) => health_word(proxy),
        _ => sync_word(proxy),
    }
}

#[cfg(test)]
mod tests {
    use engine::status::SyncState;

    use super::*;
    use crate::samples;

    fn named(name: &str, health: Health, sync: SyncState) -> ProxyView {
        ProxyView { health: Some(health), sync, ..samples::proxy(name) }
    }

    fn labels(items: &[TrayItem]) -> Vec<&str> {
        let label = |item| match item {
            &TrayItem::Line(ref text) | &TrayItem::Action(ref text, _) | &TrayItem::Submenu(ref text, _) => {
                text.as_str()
            }
            &TrayItem::Separator => "",
        };
        items.iter().map(label).collect()
    }

    #[test]
    fn those_in_trouble_come_first() {
        let few = [
            named("a", Health::Up, SyncState::Synced),
            named("b", Health::Up, SyncState::Behind),
            named("c", Health::Down, SyncState::Synced),
            named("d", Health::Up, SyncState::Synced),
        ];
        assert_eq!(labels(&lines(&few)), ["c: Down", "b: Behind", "a: Synced", "d: Synced"]);
    }

    #[test]
    fn fifty_are_a_handful_of_lines() {
        let many: Vec<ProxyView> = (0..50)
            .map(|number| match number {
                0..12 => named(&format!("p{number}"), Health::Down, SyncState::Unknown),
                12 => named("alone", Health::Unauthorised, SyncState::Unknown),
                _ => named(&format!("p{number}"), Health::Up, SyncState::Synced),
            })
            .collect();
        let menu = lines(&many);
        assert_eq!(labels(&menu), ["Down: 12", "alone: Unauthorised", "Synced: 37"]);
        let TrayItem::Submenu(_, synced) = &menu[2] else { panic!("{menu:?}") };
        assert_eq!((synced.len(), labels(synced)[15]), (16, "and 22 more…"));
        assert_eq!(synced[15], TrayItem::Action("and 22 more…".into(), TrayAction::Open(Some(Place::Overview))));
        let TrayItem::Submenu(_, down) = &menu[0] else { panic!("{menu:?}") };
        assert_eq!(labels(down)[0], "p0: Down", "each can be asked again from here");
    }
}
