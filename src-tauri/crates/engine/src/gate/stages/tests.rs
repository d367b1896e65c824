//! How a map goes from stage to stage, in hours that pass at once.

use super::*;
use crate::ledger::tests::promotion as plain;
use crate::ledger::{Held, Promotion};

/// One proxy a stage, and what each stage is held at by number.
struct World {
    mode: StageMode,
    members: Vec<Member>,
    stages: Stages,
    newest: i64,
    is_newest_at_source: bool,
    proofs: Vec<Proof>,
    now: DateTime<Utc>,
}

fn promotion(number: i64) -> Promotion {
    plain(Revision::of(&number.to_be_bytes()), "2026-01-01T00:00:00Z".parse().unwrap())
}

impl World {
    fn new(mode: StageMode, newest: i64, held: &[(Stage, i64)]) -> Self {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let hold = |(stage, number): &(Stage, i64)| Held {
            stage: *stage,
            promotion: promotion(*number),
            number: *number,
            why: Moved::Rule,
            since: now,
        };
        let member = |stage: Stage| Member { name: stage.to_string(), stage, at: At::Proved, reads_source: false };
        Self {
            mode,
            members: Stage::ALL.into_iter().map(member).collect(),
            stages: Stages { held: held.iter().map(hold).collect() },
            newest,
            is_newest_at_source: true,
            proofs: vec![],
            now,
        }
    }

    fn facts(&self) -> StageFacts<'_> {
        StageFacts {
            mode: self.mode,
            soak: TimeDelta::hours(1),
            stages: &self.stages,
            newest: Some((self.newest, promotion(self.newest).revision)),
            is_newest_at_source: self.is_newest_at_source,
            members: &self.members,
            proofs: &self.proofs,
            now: self.now,
        }
    }

    /// Time goes on, and what is proved is noted.
    fn after(&mut self, minutes: i64) {
        self.now += TimeDelta::minutes(minutes);
        self.proofs = self.facts().proofs();
    }

    fn moves(&mut self, stage: Stage, number: i64) {
        for held in self.stages.held.iter_mut().filter(|held| held.stage == stage) {
            (held.number, held.promotion) = (number, promotion(number));
        }
    }

    fn set(&mut self, stage: Stage, at: &At) {
        for member in self.members.iter_mut().filter(|member| member.stage == stage) {
            member.at = at.clone();
        }
    }
}

fn failed() -> At {
    At::Failed(Error::new(ErrorCode::ProxyFailed, "It said no."))
}

#[test]
fn a_map_goes_on_stage_by_stage_when_it_was_proved_for_long_enough() {
    let mut world = World::new(StageMode::Rule, 2, &[(Stage::Staging, 1), (Stage::Production, 1)]);
    assert_eq!(world.facts().to_hold(), [Stage::Staging, Stage::Production]);
    world.set(Stage::Testing, &At::Waits);
    world.after(1);
    assert_eq!(world.facts().states()[0].progress, Progress::Syncing { proxy: Some("testing".to_owned()) });
    world.set(Stage::Testing, &At::Proved);
    world.after(1);
    let until = world.now + TimeDelta::hours(1);
    assert_eq!(world.facts().states()[0].progress, Progress::Soaking { until });
    assert_eq!(world.facts().ready(), []);
    world.after(60);
    assert_eq!(world.facts().ready(), [(Stage::Staging, vec![2])]);
    world.moves(Stage::Staging, 2);
    world.set(Stage::Staging, &failed());
    world.after(90);
    let stopped =
        Progress::Stopped { proxy: "staging".to_owned(), error: Error::new(ErrorCode::ProxyFailed, "It said no.") };
    assert_eq!(world.facts().states()[1].progress, stopped);
    assert_eq!(world.facts().ready(), [], "a failure stops what comes after it");
    world.set(Stage::Staging, &At::Proved);
    world.after(1);
    assert_eq!(world.facts().ready(), [], "it soaks anew");
    world.after(60);
    assert_eq!(world.facts().ready(), [(Stage::Production, vec![2])]);
    world.moves(Stage::Production, 2);
    world.after(1);
    assert!(world.proofs.is_empty(), "it went all the way");
    assert!(world.facts().states().iter().all(|state| state.progress == Progress::Done));
}

#[test]
fn a_source_that_ships_more_often_than_the_soak_lasts_starves_nobody() {
    let mut world = World::new(StageMode::Rule, 2, &[(Stage::Production, 1)]);
    world.members.retain(|member| member.stage != Stage::Staging);
    world.after(1);
    world.after(40);
    world.newest = 3;
    world.after(1);
    world.after(30);
    assert_eq!(world.facts().ready(), [(Stage::Production, vec![2])], "the one before it had its hour");
    world.after(31);
    assert_eq!(world.facts().ready(), [(Stage::Production, vec![3, 2])], "the newest first");
}

#[test]
fn after_a_rollback_and_by_hand_a_person_is_waited_for() {
    let mut world = World::new(StageMode::Rule, 2, &[(Stage::Staging, 1), (Stage::Production, 1)]);
    world.stages.held[0].why = Moved::Rollback;
    world.after(1);
    world.after(90);
    assert_eq!(world.facts().states()[0].progress, Progress::Waiting { after_rollback: true });
    assert_eq!(world.facts().ready(), []);
    assert_eq!(world.facts().by_hand(None, false).unwrap(), (Stage::Staging, 2));
    assert_eq!(world.facts().by_hand(Some(Stage::Production), false).unwrap(), (Stage::Production, 2));
    world.stages.held[0].why = Moved::Person;
    assert!(!world.facts().ready().is_empty());
    world.mode = StageMode::Hand;
    assert_eq!(world.facts().states()[0].progress, Progress::Waiting { after_rollback: false });
    assert_eq!(world.facts().ready(), []);
    world.set(Stage::Testing, &failed());
    assert_eq!(world.facts().by_hand(None, false).unwrap_err().code, ErrorCode::Held);
    assert!(world.facts().by_hand(None, true).is_ok(), "a person may say that it does not matter");
    assert_eq!(world.facts().by_hand(Some(Stage::Testing), false).unwrap_err().code, ErrorCode::NotFound);
}

#[test]
fn a_stage_that_reads_the_source_itself_is_never_said_to_have_an_older_map() {
    let mut world = World::new(StageMode::Rule, 2, &[(Stage::Staging, 2), (Stage::Production, 1)]);
    world.members[2].reads_source = true;
    world.after(1);
    world.newest = 3;
    world.after(1);
    world.after(90);
    assert_eq!(world.facts().ready(), [(Stage::Staging, vec![3])], "it has to wait for the newest");
    assert_eq!(world.facts().states()[1].progress, Progress::Overtaken);
    for force in [false, true] {
        let refused = world.facts().by_hand(Some(Stage::Production), force).unwrap_err();
        assert_eq!(refused.code, ErrorCode::Held, "nobody could get what staging has");
    }
    assert_eq!(world.facts().by_hand(None, false).unwrap(), (Stage::Staging, 3));
    // What the source has now was never promoted: nobody could have the newest promotion either.
    world.is_newest_at_source = false;
    world.members[1].reads_source = true;
    assert_eq!(world.facts().ready(), []);
    assert_eq!(world.facts().states()[0].progress, Progress::Overtaken);
    (world.is_newest_at_source, world.members[1].reads_source) = (true, false);
    // One behind the gateway can have it.
    world.members.push(Member { name: "other".to_owned(), reads_source: false, ..world.members[2].clone() });
    assert_eq!(world.facts().ready(), [(Stage::Staging, vec![3]), (Stage::Production, vec![2])]);
}

#[test]
fn a_stage_on_the_way_gets_only_what_each_of_its_proxies_can_prove() {
    let mut world = World::new(StageMode::Rule, 2, &[(Stage::Staging, 1), (Stage::Production, 1)]);
    world.members.push(Member { name: "direct".to_owned(), reads_source: true, ..world.members[1].clone() });
    world.after(1);
    world.newest = 3;
    world.set(Stage::Testing, &At::Waits);
    world.after(90);
    assert_eq!(world.facts().ready(), [], "one of them could never have it");
    world.set(Stage::Testing, &At::Proved);
    world.after(1);
    world.after(90);
    assert_eq!(world.facts().ready(), [(Stage::Staging, vec![3])]);
}

#[test]
fn a_stage_whose_proxies_are_all_pinned_waits_for_a_person() {
    let mut world = World::new(StageMode::Rule, 2, &[(Stage::Production, 1)]);
    world.members.retain(|member| member.stage != Stage::Staging);
    world.set(Stage::Testing, &At::Pinned);
    world.after(90);
    assert_eq!(world.facts().states()[0].progress, Progress::Pinned);
    assert_eq!(world.facts().ready(), []);
    assert_eq!(world.facts().by_hand(None, false).unwrap(), (Stage::Production, 2));
}

#[test]
fn a_stage_without_another_before_it_is_not_held() {
    let mut world = World::new(StageMode::Rule, 2, &[]);
    world.members.retain(|member| member.stage == Stage::Production);
    assert!(world.facts().to_hold().is_empty());
    world.mode = StageMode::Off;
    assert!(World::new(StageMode::Off, 2, &[]).facts().to_hold().is_empty());
    assert_eq!(world.facts().by_hand(None, false).unwrap_err().code, ErrorCode::NotFound);
}

#[test]
fn a_proxy_that_is_taken_out_of_testing_lets_no_map_go_on_by_that() {
    let mut world = World::new(StageMode::Rule, 2, &[(Stage::Staging, 1), (Stage::Production, 1)]);
    world.members.retain(|member| member.stage == Stage::Production);
    assert_eq!(world.facts().to_release(), []);
    let states = world.facts().states();
    assert_eq!(states[0].progress, Progress::Waiting { after_rollback: false }, "{states:?}");
    assert_eq!(world.facts().by_hand(None, false).unwrap(), (Stage::Production, 2));
    world.moves(Stage::Staging, 2);
    world.moves(Stage::Production, 2);
    assert_eq!(
        world.facts().to_release(),
        [(Stage::Staging, None), (Stage::Production, None)],
        "it loses nothing by it"
    );
    world.mode = StageMode::Off;
    world.moves(Stage::Production, 1);
    assert_eq!(world.facts().to_release().len(), 2, "a person said so");
}

#[test]
fn what_nobody_is_behind_goes_along_with_the_last_stage() {
    let mut world = World::new(StageMode::Rule, 3, &[(Stage::Staging, 1), (Stage::Production, 1)]);
    world.members.retain(|member| member.stage == Stage::Testing);
    assert!(world.facts().to_hold().is_empty(), "one stage alone has nothing to wait for");
    assert_eq!(world.facts().to_release(), [(Stage::Staging, None), (Stage::Production, None)]);
}

#[test]
fn a_proxy_that_is_away_stops_a_map_and_what_was_proved_stays_so() {
    let mut world = World::new(StageMode::Rule, 2, &[(Stage::Staging, 1), (Stage::Production, 1)]);
    world.after(1);
    world.set(Stage::Testing, &At::Away(Error::new(ErrorCode::ProxyUnreachable, "No answer.")));
    world.after(90);
    assert!(matches!(world.facts().states()[0].progress, Progress::Stopped { .. }));
    world.set(Stage::Testing, &At::Proved);
    world.after(1);
    assert!(world.proofs.iter().any(|proof| proof.number == 2 && world.now - proof.since > TimeDelta::minutes(80)));
}
