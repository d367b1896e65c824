//! Two years in seconds: sleeps, clocks that jump both ways, the change to summer time and back in three zones, pauses and
//! windows. Never is a run missed without being caught up, never are there two for one, and none begins outside a window.

use chrono::FixedOffset;

use super::*;

/// From this second since 1970 on, a zone is so many minutes east of Greenwich (IANA's database).
type Change = (i64, i32);

/// Central Europe.
const BERLIN: [Change; 6] = [
    (1_764_547_200, 60),  // 2025-12-01T00:00Z
    (1_774_746_000, 120), // 2026-03-29T01:00Z
    (1_792_890_000, 60),  // 2026-10-25T01:00Z
    (1_806_195_600, 120), // 2027-03-28T01:00Z
    (1_824_944_400, 60),  // 2027-10-31T01:00Z
    (1_837_645_200, 120), // 2028-03-26T01:00Z
];

/// New York.
const NEW_YORK: [Change; 6] = [
    (1_764_547_200, -300), // 2025-12-01T00:00Z
    (1_772_953_200, -240), // 2026-03-08T07:00Z
    (1_793_512_800, -300), // 2026-11-01T06:00Z
    (1_805_007_600, -240), // 2027-03-14T07:00Z
    (1_825_567_200, -300), // 2027-11-07T06:00Z
    (1_836_457_200, -240), // 2028-03-12T07:00Z
];

/// Lord Howe, where summer time is half an hour, in the southern summer.
const LORD_HOWE: [Change; 6] = [
    (1_764_547_200, 660), // 2025-12-01T00:00Z
    (1_775_314_800, 630), // 2026-04-04T15:00Z
    (1_791_041_400, 660), // 2026-10-03T15:30Z
    (1_806_764_400, 630), // 2027-04-03T15:00Z
    (1_822_491_000, 660), // 2027-10-02T15:30Z
    (1_838_214_000, 630), // 2028-04-01T15:00Z
];

fn zone(at: DateTime<Utc>, changes: &[Change]) -> FixedOffset {
    let minutes =
        changes.iter().rev().find(|(from, _)| *from <= at.timestamp()).map_or(changes[0].1, |(_, minutes)| *minutes);
    FixedOffset::east_opt(minutes * 60).unwrap()
}

fn berlin(at: DateTime<Utc>) -> FixedOffset {
    zone(at, &BERLIN)
}

fn new_york(at: DateTime<Utc>) -> FixedOffset {
    zone(at, &NEW_YORK)
}

fn lord_howe(at: DateTime<Utc>) -> FixedOffset {
    zone(at, &LORD_HOWE)
}

/// One computer over two years, with three proxies that are synced every five hours. Gives back how many runs there were,
/// and how many of them were caught up after a sleep.
fn two_years(offset: LocalOffset, changes: &[Change], rules: &[&str], seed: u64) -> (usize, usize) {
    let mut dice = fastrand::Rng::with_seed(seed);
    let every = TimeDelta::hours(5);
    let windows = Windows::parse(rules.iter().copied(), offset).unwrap();
    let names = ["a", "b", "c"];
    let plan = Plan {
        proxies: names.iter().map(|name| ((*name).to_owned(), every)).collect(),
        watch: None,
        ask: None,
        on_change: true,
        windows: windows.clone(),
    };
    let mut now: DateTime<Utc> = "2026-01-05T00:00:00Z".parse().unwrap();
    let mut scheduler = Scheduler::new(plan, now);
    for name in names {
        scheduler.set_asked_for(name, true);
    }
    let mut last: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
    let mut paused_until: Option<DateTime<Utc>> = None;
    let (mut runs, mut caught_up) = (0, 0);
    // What has really gone by, whatever the clock says.
    let mut lived = TimeDelta::zero();
    while lived < TimeDelta::days(730) {
        let actions = scheduler.poll(now);
        let is_paused = paused_until.is_some_and(|until| until > now);
        for name in names {
            // A clock that was set back: nothing was done in the future.
            let before = last.get(name).map(|last| (*last).min(now));
            let mine = actions.iter().filter(|action| matches!(action, Action::Sync { proxy, .. } if proxy == name));
            match mine.count() {
                0 => {
                    let is_due = before.is_none_or(|before| before + every <= now);
                    assert!(!is_due || is_paused || !windows.allows(now), "{name} is missed at {now}");
                }
                1 => {
                    assert!(!is_paused && windows.allows(now), "{name} at {now}, which is not allowed");
                    assert!(before.is_none_or(|before| now - before >= every), "{name} twice, at {now}");
                    caught_up += usize::from(actions.contains(&Action::Resumed));
                    runs += 1;
                    scheduler.record(name, now, None, true);
                    last.insert(name, now);
                }
                more => panic!("{more} runs of {name} at {now}"),
            }
        }
        // What is shown as the next one is never in the past, and never where none may begin.
        if dice.u32(..50) == 0
            && let Some(next) = scheduler.next_run("b")
        {
            assert!(next >= now && windows.allows(next), "{next} is shown at {now}");
        }
        for name in names {
            last.entry(name).and_modify(|last| *last = (*last).min(now));
        }
        let wake = scheduler.next_wakeup() - now;
        assert!(wake >= TimeDelta::zero() && wake <= TICK);
        // Minute by minute around each change of the local time, and on one day of sixty; else the computer naps. Now and
        // then it sleeps for up to two days, its clock is set, somebody pauses.
        let is_change = changes.iter().any(|(at, _)| (now.timestamp() - at).abs() < 86_400);
        let step = match dice.u32(..1_000) {
            0 => TimeDelta::minutes(dice.i64(2..2_880)),
            _ if is_change || now.timestamp() / 86_400 % 60 == 0 => TICK * 2,
            _ => TimeDelta::minutes(dice.i64(1..60)),
        };
        lived += step;
        now += step;
        match dice.u32(..2_000) {
            0 => now += TimeDelta::minutes(dice.i64(-300..300)),
            1 => {
                paused_until = Some(now + TimeDelta::minutes(dice.i64(1..1_440)));
                scheduler.pause_until(paused_until);
            }
            _ => {}
        }
    }
    (runs, caught_up)
}

#[test]
fn no_run_is_missed_none_comes_twice_and_none_outside_a_window() {
    let nights = ["allow Mon-Fri 22:00-05:30", "deny Wed 00:00-03:00", "allow Sat,Sun 00:00-24:00"];
    let over_the_change = ["allow 01:30-03:30"];
    let all: [(LocalOffset, &[Change], &[&str]); 3] = [
        (berlin, &BERLIN, &over_the_change),
        (new_york, &NEW_YORK, &nights),
        (lord_howe, &LORD_HOWE, &over_the_change),
    ];
    for (seed, (offset, changes, rules)) in (1..).zip(all) {
        let (runs, caught_up) = two_years(offset, changes, rules, seed);
        // Once a night at least, for each of three proxies, less long sleeps and pauses.
        assert!(runs > 1_200 && caught_up > 20, "{rules:?}: {runs} runs, {caught_up} caught up");
    }
}
