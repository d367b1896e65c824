//! Promotion by stages: who is how far, and moving a map on, by rule or because a person said so.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::super::api::{SyncOrder, SyncReport};
use super::Controller;
use crate::gate::{At, Member, Proof, Stage, StageFacts, is_at_source};
use crate::ledger::{Moved, Prices, Promotion, StageMove};
use crate::run::Trigger;
use crate::schedule::{delta, staged};
use crate::settings::{Proxy, SettingsProblem, StageMode};
use crate::sync::{leads, parsed, was_taken_back};
use crate::{Error, ErrorCode, Result};

/// Where the ledger keeps what was proved of each stage.
pub(crate) const PROOFS_KEY: &str = "stages.proofs";

impl Controller {
    /// What the ledger knows of the stages; which of them are held follows from the settings.
    pub(super) async fn load_stages(&mut self) -> Result<()> {
        let newest = self.parts.ledger.newest().await?;
        self.newest = newest.map(|(number, promotion)| (number, Arc::new(promotion)));
        self.read_stages().await?;
        self.proofs = self.parts.ledger.get_state(PROOFS_KEY).await?.unwrap_or_default();
        self.hold_stages().await
    }

    /// Holds the stages that have others before them now, and lets go of those that have none any more.
    async fn hold_stages(&mut self) -> Result<()> {
        let members = self.members();
        let Some((newest, promotion)) = self.newest.clone() else { return Ok(()) };
        if self.are_stages_doubtful() {
            return Ok(());
        }
        let facts = self.stage_facts(&members);
        let (wanted, released) = (facts.to_hold(), facts.to_release());
        let begins = wanted.iter().filter(|stage| self.stages.of(**stage).is_none());
        let begins = begins.map(|stage| StageMove { stage: *stage, number: Some(newest), why: Moved::Began });
        let ends =
            released.iter().map(|(stage, number)| StageMove { stage: *stage, number: *number, why: Moved::Person });
        let moves: Vec<StageMove> = begins.chain(ends).collect();
        if moves.is_empty() {
            return Ok(());
        }
        let billed = released.iter().find(|(stage, _)| *stage == Stage::Production).map(|(_, number)| *number);
        let prices = match billed {
            Some(Some(number)) => self.prices_of_number(number).await?,
            Some(None) => self.prices_of(&promotion).await?,
            None => None,
        };
        self.write_stages(moves, prices).await
    }

    /// Whether a value that the stages rest on cannot be read. A proxy that is left out for one, or that is of another
    /// stage by one, is no reason to let a map go on.
    fn are_stages_doubtful(&self) -> bool {
        let is_doubtful =
            |problem: &SettingsProblem| problem.field.starts_with("gate") || problem.field.starts_with("proxy");
        self.settings.problems().iter().any(is_doubtful)
    }

    async fn prices_of_number(&self, number: i64) -> Result<Option<Prices>> {
        match self.parts.ledger.promotion(number).await? {
            Some(promotion) => self.prices_of(&promotion).await,
            None => Ok(None),
        }
    }

    /// By which calls are billed once production has it: as with a look at the source, proxies that read that themselves
    /// have its own map.
    async fn prices_of(&self, promotion: &Promotion) -> Result<Option<Prices>> {
        let billed = if self.effective.gateway.is_some() { promotion.revision } else { promotion.upstream };
        Ok(parsed(&self.parts.ledger, &billed).await?.map(|map| Prices::of(&map)))
    }

    async fn read_stages(&mut self) -> Result<()> {
        let ledger = &self.parts.ledger;
        self.stages = Arc::new(ledger.stages().await?);
        // What no stage holds back is the newest, which is known.
        self.promoted = match self.stages.of(Stage::Production) {
            Some(_) => ledger.promoted().await?.map(Arc::new),
            None => self.newest.as_ref().map(|(_, promotion)| Arc::clone(promotion)),
        };
        Ok(())
    }

    async fn write_stages(&mut self, moves: Vec<StageMove>, prices: Option<Prices>) -> Result<()> {
        self.parts.ledger.move_stages(moves, prices, self.parts.clock.now()).await?;
        self.read_stages().await?;
        self.resolve().await;
        self.teach_stages();
        self.judge_proxies();
        Ok(())
    }

    /// The schedule knows what each proxy is to have.
    pub(super) fn teach_stages(&mut self) {
        let Some(scheduler) = &mut self.scheduler else { return };
        for proxy in &self.effective.proxies {
            scheduler.stage(proxy.name.as_str(), self.stages.of(proxy.role.into()).map(staged));
        }
    }

    fn stage_facts<'a>(&'a self, members: &'a [Member]) -> StageFacts<'a> {
        StageFacts {
            mode: self.effective.gate.stages,
            soak: delta(self.effective.gate.stage_soak),
            stages: &self.stages,
            newest: self.newest.as_ref().map(|(number, promotion)| (*number, promotion.revision)),
            is_newest_at_source: is_at_source(self.newest.as_ref().map(|(_, newest)| &**newest), self.source.as_ref()),
            members,
            proofs: &self.proofs,
            now: self.parts.clock.now(),
        }
    }

    fn members(&self) -> Vec<Member> {
        let member = |proxy: &Proxy| Member {
            name: proxy.name.to_string(),
            stage: proxy.role.into(),
            at: self.at(proxy),
            reads_source: !self.gets_promoted(proxy.name.as_str()),
        };
        let counts = |proxy: &&Proxy| self.effective.is_in_stages(proxy.name.as_str());
        self.effective.proxies.iter().filter(counts).map(member).collect()
    }

    /// How a proxy fares with what it is meant to have.
    fn at(&self, proxy: &Proxy) -> At {
        let name = proxy.name.as_str();
        if self.pins.each.iter().any(|pin| pin.proxy.as_deref().is_some_and(|pinned| proxy.name.is(pinned))) {
            return At::Pinned;
        }
        let Some(known) = self.known.get(name) else { return At::Waits };
        if !self.asked_for.has(proxy) {
            return At::Waits;
        }
        let is_busy = known.running.is_some() || known.lane.running.is_some();
        let newest = self.newest.as_ref().map(|(_, promotion)| &**promotion);
        let meant = self.stages.promotion(proxy.role.into(), newest).map(|promotion| promotion.upstream);
        At::of(known.asked.status.as_deref(), known.last_run.as_deref(), known.proved, is_busy, meant)
    }

    /// Notes what is proved by now, and moves on what may go on by rule.
    pub(super) async fn follow_stages(&mut self) -> Result<()> {
        if self.effective.gate.stages == StageMode::Off && self.stages.held.is_empty() {
            self.stage_states = Arc::default();
            return Ok(());
        }
        self.judge_proxies();
        self.hold_stages().await?;
        let Some((newest, _)) = self.newest.clone() else { return Ok(()) };
        let members = self.members();
        let is_doubtful = self.are_stages_doubtful();
        let proofs: Vec<Proof> = self.stage_facts(&members).proofs();
        if proofs != self.proofs && !is_doubtful {
            self.parts.ledger.set_state(PROOFS_KEY, &proofs).await?;
            self.proofs = proofs;
        }
        let now = self.parts.clock.now();
        let may_run = self.scheduler.as_ref().is_some_and(|scheduler| scheduler.may_run(now));
        if may_run && !is_doubtful && self.pins.all.is_none() {
            for (stage, numbers) in self.stage_facts(&members).ready() {
                // One that is taken back stays so until there is another: its maps are not read again with each event.
                let looked = (stage, numbers.clone(), newest);
                if self.stage_looked.contains(&looked) {
                    continue;
                }
                match self.not_taken_back(stage, numbers, newest).await? {
                    Some(number) => {
                        self.move_to(stage, number, Moved::Rule, &members).await?;
                        self.sync_stages(stage, false, oneshot::channel().0);
                        break;
                    }
                    None => self.stage_looked.push(looked),
                }
            }
        }
        let members = self.members();
        let states = self.stage_facts(&members).states();
        if *self.stage_states != states {
            self.stage_states = Arc::new(states);
        }
        Ok(())
    }

    /// The newest of these promotions whose changes upstream did not change again, and that nobody marked as bad. While one
    /// soaks, those before it may hold what it mends.
    async fn not_taken_back(&self, stage: Stage, numbers: Vec<i64>, newest: i64) -> Result<Option<i64>> {
        let ledger = &self.parts.ledger;
        for number in numbers {
            let Some(promotion) = ledger.promotion(number).await? else { continue };
            if self.pins.skips(&promotion.upstream) {
                continue;
            }
            let (Some((_, newest_one)), Some(held)) = (&self.newest, self.stages.of(stage)) else { return Ok(None) };
            if number == newest {
                return Ok(Some(number));
            }
            let maps = [held.promotion.revision, promotion.revision, newest_one.revision];
            let [Some(before), Some(map), Some(after)] =
                [parsed(ledger, &maps[0]).await?, parsed(ledger, &maps[1]).await?, parsed(ledger, &maps[2]).await?]
            else {
                continue;
            };
            if !was_taken_back(&before, &map, &after) {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// This stage, and every one before it that has an older promotion, gets this one. What comes behind the last stage
    /// with proxies goes along: nobody is there whom it could wait for.
    async fn move_to(&mut self, stage: Stage, number: i64, why: Moved, members: &[Member]) -> Result<()> {
        let last = members.iter().map(|member| member.stage).max().unwrap_or(stage);
        let reaches = if stage >= last { Stage::Production } else { stage };
        let held = self.stages.held.iter().filter(|held| held.stage <= reaches && held.number < number);
        let moves: Vec<StageMove> =
            held.map(|held| StageMove { stage: held.stage, number: Some(number), why }).collect();
        let is_billed = moves.iter().any(|moved| moved.stage == Stage::Production);
        let prices = if is_billed { self.prices_of_number(number).await? } else { None };
        tracing::info!(%stage, number, ?why, "a map goes on to the next stage");
        self.write_stages(moves, prices).await
    }

    /// Syncs the proxies up to this stage that somebody asked to sync before.
    fn sync_stages(&mut self, upto: Stage, is_asked: bool, reply: oneshot::Sender<Result<SyncReport>>) {
        // A run that began before brings what was meant before.
        self.decisions += 1;
        let proxies = self.effective.proxies.iter();
        // One that reloads by itself gets it by itself, unless a person asks.
        let says = |proxy: &Proxy| self.known.get(proxy.name.as_str())?.asked.status.as_ref()?.own_schedule;
        let is_led = |proxy: &Proxy| !is_asked && leads(proxy, says(proxy));
        let meant =
            proxies.filter(|proxy| Stage::from(proxy.role) <= upto && self.asked_for.has(proxy) && !is_led(proxy));
        let behind = meant.filter(|proxy| !matches!(self.at(proxy), At::Proved | At::Pinned));
        let names: Vec<String> = behind.map(|proxy| proxy.name.to_string()).collect();
        if names.is_empty() {
            self.check_source(Some(reply));
            return;
        }
        let trigger = Trigger::Promotion;
        self.sync(SyncOrder { proxies: names, force: false, dry_run: false, trigger }, reply);
    }

    /// A person lets a map go on.
    pub(super) async fn promote(&mut self, to: Option<Stage>, force: bool, reply: oneshot::Sender<Result<SyncReport>>) {
        match self.promote_by_hand(to, force).await {
            Ok(stage) => self.sync_stages(stage, true, reply),
            Err(error) => drop(reply.send(Err(error))),
        }
    }

    async fn promote_by_hand(&mut self, to: Option<Stage>, force: bool) -> Result<Stage> {
        if self.pins.all.as_ref().is_some_and(|pin| !pin.resumes) {
            let message = "Proxies are pinned, so nothing is promoted. Unpin them first. Nothing was changed.";
            return Err(Error::new(ErrorCode::NotFound, message));
        }
        self.judge_proxies();
        let members = self.members();
        let (stage, number) = self.stage_facts(&members).by_hand(to, force)?;
        let promotion = self.parts.ledger.promotion(number).await?;
        if promotion.is_some_and(|promotion| self.pins.skips(&promotion.upstream)) {
            let message = "You marked that map as bad, so it was not promoted. `autosync unpin` takes the mark away.";
            return Err(Error::new(ErrorCode::Held, message));
        }
        self.move_to(stage, number, Moved::Person, &members).await?;
        Ok(stage)
    }
}
