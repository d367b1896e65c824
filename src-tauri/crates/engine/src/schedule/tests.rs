//! If this fails, a laptop that slept syncs fifty times at once, or never again.

use proptest::prelude::*;

use super::*;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn no_offset(_: DateTime<Utc>) -> chrono::FixedOffset {
    chrono::FixedOffset::east_opt(0).unwrap()
}

fn plan(hours: i64, windows: &[&str]) -> Plan {
    Plan {
        proxies: vec![("p".into(), TimeDelta::hours(hours))],
        watch: None,
        ask: None,
        on_change: true,
        windows: Windows::parse(windows.iter().copied(), no_offset).unwrap(),
    }
}

/// A scheduler whose proxies a person has synced once.
fn started(plan: Plan, now: DateTime<Utc>) -> Scheduler {
    let names: Vec<String> = plan.proxies.iter().map(|(name, _)| name.clone()).collect();
    let mut scheduler = Scheduler::new(plan, now);
    for name in &names {
        scheduler.set_asked_for(name, true);
    }
    scheduler
}

fn sync(trigger: Trigger) -> Action {
    Action::Sync { proxy: "p".into(), trigger }
}

const START: &str = "2026-11-23T12:00:00Z";

#[test]
fn nothing_syncs_a_proxy_before_a_person_did() {
    let mut now = utc(START);
    let mut scheduler = Scheduler::new(plan(1, &[]), now);
    // A new map, a run that wants a retry, a night of sleep and each interval: all of them would sync it.
    scheduler.want(Some(Wanted { revision: Revision::of(b"new"), from: now }));
    scheduler.record("p", now, None, false);
    assert_eq!((scheduler.poll(now), scheduler.next_run("p")), (vec![], None));
    now += TimeDelta::minutes(1);
    assert_eq!(scheduler.poll(now), [], "no retry");
    now += TimeDelta::hours(9);
    assert_eq!(scheduler.poll(now), [Action::Resumed], "no resume");
    for _ in 0..300 {
        now += TICK;
        assert_eq!(scheduler.poll(now), [], "at {now}");
    }
    scheduler.set_plan(plan(1, &[]), now);
    assert_eq!(scheduler.next_run("p"), None, "a change of the settings says nothing about it");

    scheduler.set_asked_for("p", true);
    scheduler.record("p", now, Some(Revision::of(b"new")), true);
    assert_eq!(scheduler.next_run("p"), Some(now + TimeDelta::hours(1)));
    scheduler.set_asked_for("p", false);
    assert_eq!(scheduler.next_run("p"), None, "another address is another proxy");
}

#[test]
fn beside_a_schedule_of_its_own_nothing_is_due_but_the_retry_of_a_run() {
    let now = utc(START);
    let mut scheduler = started(plan(1, &[]), now);
    scheduler.leads("p", true);
    scheduler.want(Some(Wanted { revision: Revision::of(b"new"), from: now }));
    assert_eq!((scheduler.poll(now), scheduler.next_run("p")), (vec![], None));
    scheduler.record("p", now, None, false);
    assert_eq!(scheduler.poll(now + TICK), []);
    let later = now + TICK * 2;
    assert_eq!(scheduler.poll(later), [sync(Trigger::Retry)], "its proof did not come about");
    scheduler.record("p", later, Some(Revision::of(b"new")), true);
    assert_eq!(scheduler.next_run("p"), None);
    // It turns out that the proxy does not do it.
    scheduler.leads("p", false);
    assert_eq!(scheduler.next_run("p"), Some(later + TimeDelta::hours(1)));
}

#[test]
fn a_new_proxy_is_due_at_once_and_then_each_interval() {
    let now = utc(START);
    let mut scheduler = started(plan(6, &[]), now);
    assert_eq!(scheduler.poll(now), [sync(Trigger::Schedule)]);
    assert_eq!(scheduler.poll(now + TICK), []);
    assert_eq!(scheduler.next_run("p"), Some(utc("2026-11-23T18:00:00Z")));
}

#[test]
fn a_night_of_sleep_is_one_overdue_sync_and_not_one_for_each_missed_slot() {
    let now = utc(START);
    let mut scheduler = started(plan(1, &[]), now);
    scheduler.poll(now);
    let morning = now + TimeDelta::hours(19);
    assert_eq!(scheduler.poll(morning), [Action::Resumed, sync(Trigger::Resume)]);
    assert_eq!(scheduler.poll(morning + TICK), []);
    assert_eq!(scheduler.next_run("p"), Some(morning + TimeDelta::hours(1)));
}

#[test]
fn a_clock_set_back_neither_stops_nor_repeats() {
    let now = utc(START);
    let mut scheduler = started(plan(6, &[]), now);
    scheduler.poll(now);
    let earlier = now - TimeDelta::days(300);
    assert_eq!(scheduler.poll(earlier), [Action::Resumed]);
    assert_eq!(scheduler.next_run("p"), Some(earlier + TimeDelta::hours(6)));
}

#[test]
fn an_older_copy_is_tried_again_after_1_2_5_and_5_minutes_and_then_by_the_schedule() {
    let mut now = utc(START);
    let mut scheduler = started(plan(6, &[]), now);
    scheduler.poll(now);
    for minutes in [1, 2, 5, 5] {
        scheduler.record("p", now, None, false);
        let due = now + TimeDelta::minutes(minutes);
        assert_eq!(scheduler.next_run("p"), Some(due));
        while now < due {
            assert_eq!(scheduler.poll(now), [], "before {due}");
            now += TICK;
        }
        assert_eq!(scheduler.poll(now), [sync(Trigger::Retry)]);
    }
    scheduler.record("p", now, None, false);
    assert_eq!(scheduler.next_run("p"), Some(now + TimeDelta::hours(6)));
    now += TimeDelta::hours(6);
    assert_eq!(scheduler.poll(now), [Action::Resumed, sync(Trigger::Resume)]);
    scheduler.record("p", now, None, false);
    assert_eq!(scheduler.next_run("p"), Some(now + TimeDelta::minutes(1)), "a new revision begins anew");
}

#[test]
fn a_change_of_the_settings_leaves_the_retries_as_they_were() {
    let now = utc(START);
    let mut scheduler = started(plan(6, &[]), now);
    scheduler.record("p", now, None, false);
    for _ in 0..5 {
        scheduler.set_plan(plan(6, &[]), now);
        scheduler.record("p", now, None, false);
        assert_eq!(scheduler.next_run("p"), Some(now + TimeDelta::minutes(1)));
    }
}

#[test]
fn a_pause_holds_everything_back_and_ends_by_itself() {
    let now = utc(START);
    let mut scheduler = started(plan(6, &[]), now);
    scheduler.pause_until(Some(now + TimeDelta::minutes(1)));
    assert_eq!(scheduler.poll(now), []);
    assert_eq!(scheduler.next_run("p"), Some(now + TimeDelta::minutes(1)));
    assert_eq!(scheduler.poll(now + TICK), []);
    assert_eq!(scheduler.poll(now + TICK * 2), [sync(Trigger::Schedule)]);
}

#[test]
fn the_source_is_watched_on_its_own_interval() {
    let now = utc(START);
    let mut scheduler = started(Plan { proxies: Vec::new(), watch: Some(TimeDelta::minutes(1)), ..plan(6, &[]) }, now);
    scheduler.record_source_check(now);
    assert_eq!(scheduler.poll(now + TICK), []);
    assert_eq!(scheduler.poll(now + TimeDelta::seconds(66)), [Action::CheckSource]);
    assert_eq!(scheduler.poll(now + TimeDelta::seconds(66) + TICK), []);
}

#[test]
fn looks_at_the_source_are_spread_by_a_tenth_of_the_period() {
    let now = utc("2026-03-04T12:00:00Z");
    let every = TimeDelta::minutes(5);
    let waits: Vec<TimeDelta> = (0..2_000).map(|n| jittered(every, now + TimeDelta::milliseconds(n * 997))).collect();
    let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
    assert!(*least >= TimeDelta::seconds(270) && *most <= TimeDelta::seconds(330), "{least} {most}");
    assert!(*least < TimeDelta::seconds(272) && *most > TimeDelta::seconds(328), "all of the tenth is used");
    let mean = waits.iter().sum::<TimeDelta>() / 2_000;
    assert!((mean - every).abs() < TimeDelta::seconds(2), "on the whole it stays the period: {mean}");
}

fn map(number: u8) -> Revision {
    Revision::of(&[number])
}

fn want(scheduler: &mut Scheduler, number: u8, from: DateTime<Utc>) {
    scheduler.want(Some(Wanted { revision: map(number), from }));
}

#[test]
fn a_new_map_is_due_at_once_and_tried_once() {
    let now = utc("2026-03-04T12:00:00Z");
    let mut scheduler = started(plan(6, &[]), now);
    scheduler.record("p", now, Some(map(1)), true);
    want(&mut scheduler, 1, now);
    assert_eq!(scheduler.poll(now), [], "it has that one");
    want(&mut scheduler, 2, now);
    assert_eq!(scheduler.next_wakeup(), now);
    assert_eq!(scheduler.poll(now), [sync(Trigger::Change)]);
    assert_eq!(scheduler.poll(now), [], "it is being tried");
    // Held by the proxy's version, refused, or without a key: one try that says something is enough.
    scheduler.record("p", now + TICK, Some(map(2)), true);
    assert_eq!(scheduler.poll(now + TICK), []);
    // It went back to the first one: that is a change too.
    want(&mut scheduler, 1, now);
    assert_eq!(scheduler.poll(now + TICK * 2), [sync(Trigger::Change)]);
}

#[test]
fn a_try_that_says_nothing_is_tried_again_by_the_retries() {
    let now = utc("2026-03-04T12:00:00Z");
    let mut scheduler = started(plan(6, &[]), now);
    scheduler.record("p", now, Some(map(1)), true);
    want(&mut scheduler, 2, now);
    assert_eq!(scheduler.poll(now), [sync(Trigger::Change)]);
    scheduler.record("p", now + TimeDelta::seconds(1), Some(map(2)), false);
    assert_eq!(scheduler.poll(now + TICK), []);
    assert_eq!(scheduler.poll(now + TimeDelta::seconds(61)), [sync(Trigger::Retry)]);
}

#[test]
fn windows_pauses_and_soak_hold_a_new_map_too_and_the_setting_turns_it_off() {
    let now = utc("2026-03-04T12:00:00Z");
    let start = |windows: &[&str], on_change| {
        let mut scheduler = started(Plan { on_change, ..plan(24 * 30, windows) }, now);
        scheduler.record("p", now, Some(map(1)), true);
        scheduler
    };
    let mut windowed = start(&["allow Mon-Sun 18:00-19:00"], true);
    want(&mut windowed, 2, now);
    assert_eq!(windowed.next_run("p"), Some(utc("2026-03-04T18:00:00Z")));
    let mut paused = start(&[], true);
    paused.pause_until(Some(now + TimeDelta::hours(1)));
    want(&mut paused, 2, now);
    assert_eq!((paused.poll(now), paused.next_run("p")), (vec![], Some(now + TimeDelta::hours(1))));
    let mut soaking = start(&[], true);
    want(&mut soaking, 2, now + TimeDelta::hours(2));
    assert_eq!((soaking.poll(now), soaking.next_run("p")), (vec![], Some(now + TimeDelta::hours(2))));
    let mut off = start(&[], false);
    want(&mut off, 2, now);
    assert_eq!((off.poll(now), off.next_run("p")), (vec![], Some(now + TimeDelta::days(30))));
    let mut held = start(&[], true);
    held.want(None);
    assert_eq!(held.poll(now), []);
}

#[test]
fn windows_move_a_due_sync_to_the_next_allowed_minute() {
    // 23 November 2026 is a Monday.
    let at = |rules: &[&str]| Windows::parse(rules.iter().copied(), no_offset).unwrap().next_allowed(utc(START));
    assert_eq!(at(&[]), Some(utc(START)));
    assert_eq!(at(&["allow Mon-Fri 02:00-05:00"]), Some(utc("2026-11-24T02:00:00Z")));
    assert_eq!(at(&["allow Sat,Sun 02:00-05:00"]), Some(utc("2026-11-28T02:00:00Z")));
    assert_eq!(at(&["deny 09:00-17:30"]), Some(utc("2026-11-23T17:30:00Z")));
    assert_eq!(at(&["allow Sun 22:00-13:00"]), Some(utc(START)), "it began on Sunday");
    assert_eq!(at(&["allow Mon 00:00-24:00", "deny Mon 11:00-13:00"]), Some(utc("2026-11-23T13:00:00Z")));
    assert_eq!(at(&["deny 00:00-24:00"]), None);
}

#[test]
fn windows_are_in_local_time() {
    fn east(_: DateTime<Utc>) -> chrono::FixedOffset {
        chrono::FixedOffset::east_opt(9 * 3600).unwrap()
    }
    let windows = Windows::parse(["allow Tue 02:00-05:00"], east).unwrap();
    assert_eq!(windows.next_allowed(utc(START)), Some(utc("2026-11-23T17:00:00Z")));
}

/// The polls of `minutes`, each a tick after the other, that ask the proxies.
fn asks(scheduler: &mut Scheduler, from: DateTime<Utc>, minutes: i64) -> usize {
    let polls = (1..=minutes * 2).map(|tick| scheduler.poll(from + TICK * i32::try_from(tick).unwrap()));
    polls.filter(|actions| actions.contains(&Action::AskProxies)).count()
}

#[test]
fn proxies_are_asked_at_once_and_each_minute_while_paused_and_outside_of_windows_too() {
    let now = utc(START);
    for windows in [&[][..], &["allow Sun 02:00-03:00"]] {
        let mut scheduler = started(Plan { ask: Some(ASK_EVERY), ..plan(6, windows) }, now);
        scheduler.pause_until(Some(now + TimeDelta::hours(2)));
        assert_eq!(scheduler.poll(now), [Action::AskProxies]);
        assert_eq!(scheduler.poll(now), [], "asked once");
        assert_eq!(asks(&mut scheduler, now, 60), 60);
    }
}

#[test]
fn a_question_that_is_due_before_the_next_tick_wakes_the_driver_even_while_paused() {
    let now = utc(START);
    let mut scheduler = started(Plan { ask: Some(ASK_EVERY), ..plan(6, &[]) }, now);
    scheduler.poll(now);
    scheduler.pause_until(Some(now + TimeDelta::hours(2)));
    scheduler.poll(now + TimeDelta::seconds(45));
    assert_eq!(scheduler.next_wakeup(), now + ASK_EVERY);
}

#[test]
fn after_a_night_of_sleep_or_a_clock_set_back_proxies_are_asked_once_and_then_each_minute() {
    let now = utc(START);
    let mut scheduler = started(Plan { ask: Some(ASK_EVERY), ..plan(6, &[]) }, now);
    scheduler.poll(now);
    let morning = now + TimeDelta::hours(9);
    assert_eq!(scheduler.poll(morning), [Action::Resumed, Action::AskProxies, sync(Trigger::Resume)]);
    let earlier = now - TimeDelta::days(300);
    assert_eq!(scheduler.poll(earlier), [Action::Resumed]);
    assert_eq!(asks(&mut scheduler, earlier, 10), 10);
}

#[test]
fn without_a_proxy_nobody_is_asked_and_the_driver_is_not_woken_for_it() {
    let now = utc(START);
    let mut scheduler = started(Plan { proxies: Vec::new(), ..plan(6, &[]) }, now);
    assert_eq!(scheduler.poll(now), []);
    assert_eq!(scheduler.next_wakeup(), now + TICK);
}

#[test]
fn a_wrong_window_says_how_one_is_written() {
    for wrong in
        ["", "allow", "permit Mon 02:00-05:00", "allow Mon 2-5", "allow Noday 02:00-05:00", "allow Mon 25:00-26:00"]
    {
        let error = Windows::parse([wrong], no_offset).unwrap_err();
        assert!(error.message.contains("allow Mon-Fri 02:00-05:00"), "{wrong}: {error}");
    }
    let quiet: QuietHours = "22:00-07:00".parse().unwrap();
    let time = |text: &str| text.parse::<chrono::NaiveTime>().unwrap();
    assert!(quiet.contains(time("23:30:00")) && quiet.contains(time("06:59:00")) && !quiet.contains(time("07:00:00")));
}

proptest! {
    /// Whatever the clock does, a proxy is never synced twice within its interval of the clock's own time, and never
    /// waits longer than its interval once the clock runs again.
    #[test]
    fn no_jump_of_the_clock_starts_a_storm_or_a_strike(jumps in prop::collection::vec(-400_000_i64..400_000, 1..60)) {
        let every = TimeDelta::hours(1);
        let mut now = utc(START);
        let mut scheduler = started(plan(1, &[]), now);
        let mut last: Option<DateTime<Utc>> = None;
        for jump in jumps {
            now += TimeDelta::seconds(jump);
            last = last.map(|last| last.min(now));
            let syncs = scheduler.poll(now).iter().filter(|action| **action != Action::Resumed).count();
            prop_assert!(syncs <= 1);
            if syncs == 1 {
                prop_assert!(last.is_none_or(|last| now - last >= every));
                last = Some(now);
            }
            prop_assert!(scheduler.next_run("p").unwrap() <= now + every);
            prop_assert!(scheduler.next_wakeup() <= now + TICK && scheduler.next_wakeup() >= now);
        }
        let end = now + every + TICK;
        let mut ran = false;
        while now <= end {
            ran |= scheduler.poll(now).contains(&sync(Trigger::Schedule)) || ran;
            now += TICK;
        }
        prop_assert!(ran || last.is_some_and(|last| now - last < every + TICK * 2));
    }
}

proptest! {
    // Each case polls a whole day: 64 of them take about a second.
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Three proxies through ticks, sleeps, clocks set back, pauses and runs that prove nothing: each thing is asked for at
    /// most once a poll, nothing during a pause, at most four retries in a row, and afterwards every proxy has its turn
    /// within its interval, no more often than that.
    #[test]
    fn every_proxy_keeps_its_turn_and_its_measure(
        steps in prop::collection::vec((prop_oneof![6 => 1_i64..=30, 1 => -90_000_i64..200_000], any::<bool>(), 0_u8..20), 1..200),
    ) {
        let intervals = [("a", 1), ("b", 6), ("c", 12)].map(|(name, hours)| (name.to_owned(), TimeDelta::hours(hours)));
        let whole = Plan { proxies: intervals.to_vec(), watch: Some(TimeDelta::minutes(5)), ..plan(1, &[]) };
        let mut now = utc(START);
        let mut scheduler = started(whole, now);
        let mut paused: Option<DateTime<Utc>> = None;
        let mut retries: BTreeMap<String, usize> = BTreeMap::new();
        for (jump, conclusive, dice) in steps {
            now += TimeDelta::seconds(jump);
            match dice {
                0 => paused = Some(now + TimeDelta::minutes(30)),
                1 => paused = None,
                _ => {}
            }
            scheduler.pause_until(paused);
            let actions = scheduler.poll(now);
            prop_assert_eq!(actions.contains(&Action::Resumed), jump.abs() > 60);
            for (index, action) in actions.iter().enumerate() {
                let same = |other: &Action| match (action, other) {
                    (Action::Sync { proxy: one, .. }, Action::Sync { proxy: two, .. }) => one == two,
                    (one, two) => one == two,
                };
                prop_assert!(!actions[..index].iter().any(same), "twice in one poll: {:?}", &actions);
                prop_assert!(paused.is_none_or(|until| until <= now) || *action == Action::Resumed, "during a pause");
                if let Action::Sync { proxy, trigger } = action {
                    let row = retries.entry(proxy.clone()).or_default();
                    *row = if *trigger == Trigger::Retry { *row + 1 } else { 0 };
                    prop_assert!(*row <= RETRY_MINUTES.len(), "more retries than planned");
                    scheduler.record(proxy, now, None, conclusive);
                }
            }
        }
        scheduler.pause_until(None);
        // One last retry of each may still be open; a polling to settle them.
        now += TICK;
        scheduler.poll(now);
        for (name, _) in &intervals {
            scheduler.record(name, now, None, true);
        }
        let mut turns: BTreeMap<String, i64> = BTreeMap::new();
        for _ in 0..(24 * 120) {
            now += TICK;
            for action in scheduler.poll(now) {
                if let Action::Sync { proxy, .. } = action {
                    scheduler.record(&proxy, now, None, true);
                    *turns.entry(proxy).or_default() += 1;
                }
            }
        }
        let turns = |name: &str| turns.get(name).copied().unwrap_or_default();
        prop_assert_eq!((turns("a"), turns("b"), turns("c")), (24, 4, 2));
    }
}
