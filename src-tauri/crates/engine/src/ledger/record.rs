//! What a look at the source leaves behind: all of it is written, or nothing.

use costmap::{Finding, Revision};
use serde::Serialize;

use super::prices::{Prices, follow};
use super::promotions::{Promotion, add as add_promotion};
use super::revisions::{SeenMap, put, put_findings};
use super::{Ledger, News, outbox, pins, set_text, stages, to_json};
use crate::Result;
use crate::gate::Barred;

/// What the checks said about a map.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Of which map.
    pub revision: Revision,
    /// Against which; none for a first map.
    pub baseline: Option<Revision>,
    /// All of them.
    pub findings: Vec<Finding>,
}

/// A map that becomes the one that proxies are meant to have.
#[derive(Clone, Debug)]
pub struct Promoting {
    /// The promotion.
    pub promotion: Promotion,
    /// The prices of the map that proxies bill by.
    pub prices: Prices,
}

/// A look at the source.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// The source's map, and what was put together from it.
    pub maps: Vec<SeenMap>,
    /// What the checks said.
    pub findings: Option<Findings>,
    /// What follows from it for proxies.
    pub promoting: Option<Promoting>,
    /// What somebody has to be told.
    pub news: Option<News>,
}

impl Ledger {
    /// Writes down a look at the source, with `state` under `key`. A crash at any instant leaves all of it or nothing: a
    /// map without its promotion would begin its soak anew, and news without its map could not be shown.
    pub async fn record<T: Serialize + ?Sized>(
        &self,
        look: Look,
        at: chrono::DateTime<chrono::Utc>,
        key: &str,
        state: &T,
    ) -> Result<()> {
        let (key, state) = (key.to_owned(), to_json(state)?);
        self.call(move |connection| {
            let step = connection.transaction()?;
            for map in &look.maps {
                put(&step, map)?;
            }
            if let Some(Findings { revision, baseline, findings }) = &look.findings {
                put_findings(&step, revision, baseline.as_ref(), findings)?;
            }
            // What was pinned or marked while the look went on counts.
            let is_free = |promoting: &Promoting| -> Result<bool> {
                Ok(Barred::of(&pins::read(&step)?, &promoting.promotion.upstream).is_none())
            };
            if let Some(promoting) = &look.promoting
                && is_free(promoting)?
            {
                let Promoting { promotion, prices } = promoting;
                pins::resume(&step, at)?;
                add_promotion(&step, promotion)?;
                // While production waits for it, nobody is billed by it yet.
                if !stages::holds_production(&step)? {
                    follow(&step, prices, &promotion.upstream, promotion.promoted_at)?;
                }
            }
            if let Some(news) = &look.news {
                outbox::add(&step, at, news)?;
            }
            set_text(&step, &key, &state)?;
            step.commit()?;
            Ok(())
        })
        .await?;
        self.news.notify_one();
        Ok(())
    }
}
