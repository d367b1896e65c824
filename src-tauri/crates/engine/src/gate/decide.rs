//! What follows from a look at the source: what is promoted, what waits, and what people hear of it.

use chrono::{DateTime, TimeDelta, Utc};
use costmap::{CheckReport, CostMap, Finding, Revision, Severity, Verdict, worst};

use super::decisions::{Decisions, Reviewed, reviewed};
use crate::ledger::{News, Pin, Pins, Promotion};
use crate::settings::GateMode;
use crate::sync::{LeftBaseline, SourceState};
use crate::{Error, ErrorCode};

/// A tenth of the map repriced at once was measured between weekly maps (HISTORY). Against a map that is older than this,
/// months of honest changes add up to that: it is told then, and holds nothing up.
const DISTANT: TimeDelta = TimeDelta::days(30);

/// Everything that a decision is made from.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The source's address.
    pub url: &'a str,
    /// What was known of it before this look.
    pub last: Option<&'a SourceState>,
    /// What the checks said.
    pub report: &'a CheckReport,
    /// The map; `None` where the bytes are none at all.
    pub map: Option<&'a CostMap>,
    /// What people decided about its values.
    pub decisions: &'a Decisions,
    /// The promotion that holds now.
    pub promoted: Option<&'a Promotion>,
    /// What is pinned, and what a person marked as bad.
    pub pins: &'a Pins,
    /// Whether this very map was promoted before.
    pub was_promoted: bool,
    /// `gate.mode`.
    pub gate: GateMode,
    /// `gate.soak`.
    pub soak: TimeDelta,
    /// Sent back with the next request.
    pub validator: Option<String>,
    /// When the promoted map's source was left behind.
    pub left: Option<LeftBaseline>,
    /// The time.
    pub now: DateTime<Utc>,
}

/// What follows from a look at the source.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What is known of the source now.
    pub state: SourceState,
    /// Whether it has another map than before.
    pub is_new: bool,
    /// What `gate.mode` made of the verdict.
    pub verdict: Verdict,
    /// Models that keep their old entry in the promoted map.
    pub held_models: Vec<String>,
    /// Those of them that a person rejected.
    pub rejected: Vec<String>,
    /// Until when `gate.soak` keeps it from proxies.
    pub soaks_until: Option<DateTime<Utc>>,
    /// Whether it becomes the promoted map.
    pub promotes: bool,
    /// A person keeps it from proxies.
    pub barred: Option<Barred>,
    /// What somebody has to be told.
    pub news: Option<News>,
}

/// Why a person keeps a map of the source from proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barred {
    /// It is marked as bad.
    Marked,
    /// All proxies are held at an earlier map.
    Pinned,
}

impl Barred {
    /// What holds this map of the source back. The pin of a rollback gives way to the next good map; the one that it holds
    /// proxies at may have been made from the same map, with other entries of the user's own.
    pub fn of(pins: &Pins, upstream: &Revision) -> Option<Self> {
        if pins.skips(upstream) {
            return Some(Self::Marked);
        }
        let holds = |pin: &&Pin| !pin.resumes || pin.promotion.upstream == *upstream;
        pins.all.as_ref().filter(holds).map(|_| Self::Pinned)
    }
}

/// Whether the baseline is so old that months of changes add up: the source was not looked at for that long when it was
/// first seen with something else. Time that passes while a map waits here makes no map older.
pub fn is_distant(left_at: DateTime<Utc>, baseline_seen: DateTime<Utc>) -> bool {
    left_at - baseline_seen > DISTANT
}

/// Decides.
pub fn decide(facts: Facts<'_>) -> Decision {
    let Some(map) = facts.map else {
        let verdict = gated(facts.report.verdict, facts.gate);
        return no_map(&facts, verdict);
    };
    let Facts { url, last, report, promoted, now, .. } = facts;
    let reviewed = reviewed(report, map, facts.decisions);
    let verdict = gated(ruled(report, &reviewed), facts.gate);
    let is_new = last.and_then(|state| state.revision) != Some(report.revision);
    let same = last.filter(|_| !is_new);
    let seen_at = same.and_then(|state| state.seen_at).unwrap_or(now);
    let before = match same {
        Some(state) => state.before,
        None => promoted.map(|promotion| promotion.upstream),
    };
    let found_broken = || "The checks found it broken.".to_owned();
    let held_because = (verdict == Verdict::Held).then(|| why_held(&report.findings).unwrap_or_else(found_broken));
    // Of a first map nothing is held back: there is no checked entry that a model could keep.
    let is_judged = |last: &Promotion| last.baseline.is_some() || last.upstream != report.revision;
    let holds_models = facts.gate != GateMode::Off && promoted.is_some_and(is_judged);
    let (held_models, rejected) =
        if holds_models { (reviewed.held(), reviewed.rejected) } else { (Vec::new(), Vec::new()) };
    // What proxies were meant to have before needs no second soak.
    let soaks_until = Some(seen_at + facts.soak).filter(|until| *until > now && !facts.was_promoted);
    let barred = Barred::of(facts.pins, &report.revision);
    let promotes = verdict != Verdict::Held && soaks_until.is_none() && barred.is_none();
    let news = is_new.then(|| News::Digest {
        revision: report.revision,
        before,
        held_because: held_because.clone(),
        used: Vec::new(),
    });
    Decision {
        state: SourceState {
            url: url.to_owned(),
            revision: Some(report.revision),
            checked_at: Some(now),
            models: Some(report.models),
            verdict: Some(verdict),
            error: None,
            validator: facts.validator,
            seen_at: Some(seen_at),
            soaks_until,
            before,
            held_because,
            left: facts.left,
        },
        is_new,
        verdict,
        held_models,
        rejected,
        soaks_until,
        promotes,
        barred,
        news,
    }
}

/// A login page or noise is no new map, however often it changes: the source cannot be read, and everything that was known
/// of it stays.
fn no_map(facts: &Facts<'_>, verdict: Verdict) -> Decision {
    let why = why_held(&facts.report.findings);
    let why = why.unwrap_or_else(|| "The source sent something that isn't a cost map.".to_owned());
    let error = Error::new(ErrorCode::Held, format!("{why} The last map stays in use."));
    // One that fails in turns, now with a page and now with no answer, is told once.
    let was_fine = facts.last.is_none_or(|state| state.error.is_none());
    let known = || SourceState::unknown(facts.url.to_owned());
    Decision {
        state: SourceState {
            error: Some(error.clone()),
            checked_at: Some(facts.now),
            ..facts.last.cloned().unwrap_or_else(known)
        },
        is_new: false,
        verdict,
        held_models: Vec::new(),
        rejected: Vec::new(),
        soaks_until: None,
        promotes: false,
        barred: None,
        news: was_fine.then_some(News::Source { error }),
    }
}

/// The sentence of the worst cause; in `gate.mode = "hold"` that may be a review.
fn why_held(findings: &[Finding]) -> Option<String> {
    worst(findings, &|_| false).map(|cause| cause.message)
}

/// A map of whose suspicious values nobody has to be asked any more is accepted.
fn ruled(report: &CheckReport, reviewed: &Reviewed) -> Verdict {
    let is_of_all = |finding: &Finding| finding.severity == Severity::Review && finding.model.is_none();
    let is_decided = reviewed.open.is_empty() && !report.findings.iter().any(is_of_all);
    if report.verdict == Verdict::Review && is_decided { Verdict::Accepted } else { report.verdict }
}

/// What `gate.mode` makes of a verdict. A hold is a broken file and stays a hold in every mode.
fn gated(verdict: Verdict, gate: GateMode) -> Verdict {
    match (verdict, gate) {
        (Verdict::Review, GateMode::Hold) => Verdict::Held,
        (Verdict::Review, GateMode::Off) => Verdict::Accepted,
        (verdict, _) => verdict,
    }
}

/// The map that a candidate is judged against: what was promoted, or where that is the candidate itself, what came before
/// it. Compared with itself a map has no findings, and those that it was promoted with would be forgotten.
pub(crate) fn baseline(promoted: Option<&Promotion>, candidate: &Revision) -> Option<Revision> {
    let promotion = promoted?;
    if promotion.upstream == *candidate { promotion.baseline } else { Some(promotion.without_overlay()) }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use super::super::decisions::{Ruling, matters};
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn report(map: &[u8], verdict: Verdict) -> CheckReport {
        let severity = if verdict == Verdict::Held { Severity::Hold } else { Severity::Review };
        let finding = Finding {
            rule: "price.gone".into(),
            severity,
            broken: false,
            subject: None,
            model: Some("gpt".to_owned()),
            field: None,
            value: None,
            message: "gpt lost a price.".to_owned(),
        };
        let findings = if verdict == Verdict::Accepted { vec![] } else { vec![finding] };
        CheckReport {
            revision: Revision::of(map),
            bytes: map.len(),
            models: 9,
            verdict,
            reviewed_models: findings.iter().filter_map(|finding| finding.model.clone()).collect(),
            findings,
        }
    }

    fn some_map() -> &'static CostMap {
        static MAP: OnceLock<CostMap> = OnceLock::new();
        MAP.get_or_init(|| CostMap::parse("{}").unwrap())
    }

    fn none() -> &'static Decisions {
        static NONE: OnceLock<Decisions> = OnceLock::new();
        NONE.get_or_init(Decisions::new)
    }

    fn no_pins() -> &'static Pins {
        static NONE: OnceLock<Pins> = OnceLock::new();
        NONE.get_or_init(Pins::default)
    }

    fn facts<'a>(report: &'a CheckReport, last: Option<&'a SourceState>, now: &str) -> Facts<'a> {
        Facts {
            url: "https://example.com/map.json",
            last,
            report,
            map: Some(some_map()),
            decisions: none(),
            promoted: None,
            pins: no_pins(),
            was_promoted: false,
            gate: GateMode::Review,
            soak: TimeDelta::hours(2),
            validator: None,
            left: None,
            now: at(now),
        }
    }

    #[test]
    fn a_login_page_that_changes_each_time_is_told_once_and_changes_nothing() {
        let map = report(b"map", Verdict::Accepted);
        let known = decide(facts(&map, None, "2026-01-01T00:00:00Z")).state;
        let mut last = known.clone();
        let mut told = 0;
        for (minute, page) in ["<p>1", "<p>2", "<p>3"].iter().enumerate() {
            let page = report(page.as_bytes(), Verdict::Held);
            let now = format!("2026-01-01T01:0{minute}:00Z");
            let decision = decide(Facts { map: None, ..facts(&page, Some(&last), &now) });
            assert!(!decision.is_new && !decision.promotes);
            told += usize::from(decision.news.is_some());
            last = decision.state;
            assert_eq!((last.revision, last.seen_at, last.verdict), (known.revision, known.seen_at, known.verdict));
        }
        assert_eq!(told, 1);
        // One that fails in turns is told once.
        last.error = Some(Error::new(ErrorCode::SourceUnreachable, "No answer."));
        let page = report(b"<p>4", Verdict::Held);
        let decision = decide(Facts { map: None, ..facts(&page, Some(&last), "2026-01-01T01:05:00Z") });
        assert_eq!(decision.news, None);
        last = decision.state;
        let again = decide(facts(&map, Some(&last), "2026-01-01T02:00:00Z"));
        assert_eq!((again.is_new, again.state.error), (false, None));
        assert!(again.promotes, "its soak went on meanwhile");
    }

    #[test]
    fn what_was_promoted_before_needs_no_second_soak() {
        let map = report(b"map", Verdict::Accepted);
        let first = decide(facts(&map, None, "2026-01-01T00:00:00Z"));
        assert_eq!((first.promotes, first.soaks_until), (false, Some(at("2026-01-01T02:00:00Z"))));
        let again = decide(Facts { was_promoted: true, ..facts(&map, None, "2026-01-01T00:00:00Z") });
        assert_eq!((again.promotes, again.soaks_until), (true, None));
    }

    #[test]
    fn a_pin_of_a_person_holds_and_the_one_of_a_rollback_gives_way_to_the_next_good_map() {
        let promotion = Promotion {
            revision: Revision::of(b"old"),
            upstream: Revision::of(b"old"),
            models: 9,
            promoted_at: at("2026-01-01T00:00:00Z"),
            held_models: vec![],
            rejected: vec![],
            baseline: None,
            taken: None,
            base: None,
            overlay: None,
            is_served: false,
        };
        let pinned = |resumes, bad: &[&[u8]]| Pins {
            all: Some(Pin { proxy: None, promotion: promotion.clone(), since: promotion.promoted_at, resumes }),
            each: vec![],
            skips: bad.iter().map(|bad| Revision::of(bad)).collect(),
        };
        let told = |pins: &Pins, verdict| {
            let map = report(b"new", verdict);
            let facts = facts(&map, None, "2026-01-01T00:00:00Z");
            let decision = decide(Facts { pins, soak: TimeDelta::zero(), promoted: Some(&promotion), ..facts });
            (decision.promotes, decision.barred)
        };
        assert_eq!(told(&pinned(false, &[]), Verdict::Accepted), (false, Some(Barred::Pinned)));
        assert_eq!(told(&pinned(true, &[b"new"]), Verdict::Accepted), (false, Some(Barred::Marked)));
        assert_eq!(told(&pinned(true, &[b"bad"]), Verdict::Accepted), (true, None));
        assert_eq!(told(&pinned(true, &[b"bad"]), Verdict::Held), (false, None));
        let same = |pins: &Pins| Barred::of(pins, &Revision::of(b"old"));
        assert_eq!(same(&pinned(true, &[])), Some(Barred::Pinned));
        let marked = Pins { all: None, ..pinned(true, &[b"new"]) };
        assert_eq!(told(&marked, Verdict::Accepted), (false, Some(Barred::Marked)), "also after the pin");
    }

    #[test]
    fn time_that_passes_while_a_map_waits_makes_its_baseline_no_older() {
        let (seen, left) = (at("2026-01-01T00:00:00Z"), at("2026-01-01T06:00:00Z"));
        assert!(!is_distant(left, seen));
        assert!(is_distant(at("2026-02-15T00:00:00Z"), seen), "the program was not running for six weeks");
    }

    #[test]
    fn a_map_is_judged_against_what_came_before_it() {
        let promotion = Promotion {
            revision: Revision::of(b"less"),
            upstream: Revision::of(b"map"),
            models: 9,
            promoted_at: at("2026-01-01T00:00:00Z"),
            held_models: vec![],
            baseline: Some(Revision::of(b"old")),
            rejected: Vec::new(),
            taken: None,
            base: None,
            overlay: None,
            is_served: false,
        };
        let against = |map: &[u8]| baseline(Some(&promotion), &Revision::of(map));
        assert_eq!(against(b"map"), Some(Revision::of(b"old")));
        assert_eq!(against(b"new"), Some(Revision::of(b"less")));
        assert_eq!(baseline(None, &Revision::of(b"map")), None);
    }

    #[test]
    fn a_map_whose_questions_are_answered_is_accepted_and_what_was_rejected_stays_out() {
        let map = report(b"map", Verdict::Review);
        let promotion = Promotion {
            revision: Revision::of(b"old"),
            upstream: Revision::of(b"old"),
            models: 9,
            promoted_at: at("2026-01-01T00:00:00Z"),
            held_models: vec![],
            rejected: vec![],
            baseline: None,
            taken: None,
            base: None,
            overlay: None,
            is_served: false,
        };
        let told = |ruling: Option<Ruling>, gate| {
            let matters = matters(&map, some_map()).into_values().flatten();
            let decisions: Decisions = matters.filter_map(|matter| Some((matter, ruling?))).collect();
            let facts = facts(&map, None, "2026-01-01T00:00:00Z");
            let decision = decide(Facts { decisions: &decisions, promoted: Some(&promotion), gate, ..facts });
            (decision.verdict, decision.held_models, decision.rejected)
        };
        let gpt = || vec!["gpt".to_owned()];
        assert_eq!(told(None, GateMode::Review), (Verdict::Review, gpt(), vec![]));
        assert_eq!(told(Some(Ruling::Approved), GateMode::Review), (Verdict::Accepted, vec![], vec![]));
        assert_eq!(told(Some(Ruling::Rejected), GateMode::Review), (Verdict::Accepted, gpt(), gpt()));
        assert_eq!(told(None, GateMode::Hold).0, Verdict::Held);
        assert_eq!(told(Some(Ruling::Approved), GateMode::Hold).0, Verdict::Accepted);
    }

    #[test]
    fn a_hold_stays_one_in_every_mode() {
        let held = report(b"map", Verdict::Held);
        for gate in [GateMode::Review, GateMode::Hold, GateMode::Off] {
            let decision = decide(Facts { gate, was_promoted: true, ..facts(&held, None, "2026-01-01T00:00:00Z") });
            assert_eq!((decision.verdict, decision.promotes), (Verdict::Held, false), "{gate:?}");
        }
        let review = report(b"map", Verdict::Review);
        let of = |gate| decide(Facts { gate, ..facts(&review, None, "2026-01-01T00:00:00Z") }).verdict;
        let verdicts = [of(GateMode::Review), of(GateMode::Hold), of(GateMode::Off)];
        assert_eq!(verdicts, [Verdict::Review, Verdict::Held, Verdict::Accepted]);
    }
}
