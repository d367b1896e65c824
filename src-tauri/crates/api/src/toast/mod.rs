//! What a toast says: one digest for each revision, the first failure and then when it heals. When it is told: `news`.

mod digest;

use costmap::{Revision, worst};
use engine::Result;
use engine::error::bounded;

use self::digest::{Review, digest};
use crate::Api;
use crate::maps::map;
use crate::state::used_models;
use crate::today::families;
use crate::view::Place;

/// Characters of a title (LOOK) and of a body.
pub(crate) const TITLE: usize = 60;
pub(crate) const BODY: usize = 200;

/// What holding it means.
const KEPT: &str = "It was not promoted.";

/// One toast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// The fact, with counts.
    pub title: String,
    /// One example, then the proof.
    pub body: String,
    /// What a click opens.
    pub place: Place,
    /// It breaks through quiet hours.
    pub is_failure: bool,
}

impl Api {
    /// The digest of a new map, against what was promoted when it came; none where there is nothing to say.
    pub(crate) async fn digest(
        &self,
        to: Revision,
        before: Option<Revision>,
        held_because: Option<String>,
        proved: usize,
    ) -> Result<Option<Toast>> {
        let ledger = self.engine.ledger();
        let place = |from: Revision| Place::Changes { from: Some(from.to_string()), to: Some(to.to_string()) };
        if let Some(why) = held_because {
            return Ok(Some(Toast {
                title: "The newest map is held back".to_owned(),
                body: bounded(&format!("{} {KEPT}", bounded(&why, BODY - KEPT.len() - 1)), BODY),
                place: before.map_or(Place::Overview, place),
                is_failure: true,
            }));
        }
        // Of a first map everything is new, and that is obvious; one that came back after a bad one brings nothing.
        let Some(from) = before.filter(|before| *before != to) else { return Ok(None) };
        let place = place(from);
        let set = self.differences.between(ledger, &from, &to).await?;
        let new = map(ledger, &to).await?;
        let (mine, held, question) = {
            let snapshot = self.engine.snapshot();
            let snapshot = snapshot.borrow();
            let mine = used_models(&snapshot);
            let promotion = snapshot.newest.as_ref().filter(|promotion| promotion.upstream == to);
            let waiting: Vec<&String> = promotion.iter().flat_map(|promotion| promotion.waiting()).collect();
            let asked = waiting.iter().find(|model| mine.contains(**model)).or(waiting.first());
            (mine.clone(), waiting.len(), asked.map(|model| (*model).clone()))
        };
        // Where a person can still decide, the click opens the very question.
        let place = match question {
            Some(model) if !self.concerned(None).0.is_empty() => Place::Review { model: Some(model) },
            _ => place,
        };
        let findings = if held > 0 { ledger.latest_findings(&to).await?.unwrap_or_default() } else { Vec::new() };
        let cause = worst(&findings, &|model| mine.contains(model)).map(|cause| cause.message);
        let notify = self.chosen()?.settings.notify;
        let review = (held > 0).then(|| Review { entries: held, cause: cause.unwrap_or_default() });
        let families = families(&set.new_models, &new, &mine);
        Ok(digest(&set, &families, &mine, &notify, proved, review.as_ref()).map(|(title, body)| Toast {
            title,
            body,
            place,
            is_failure: false,
        }))
    }
}
