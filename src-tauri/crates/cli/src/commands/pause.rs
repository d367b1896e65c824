//! `autosync pause` and `resume`: scheduled syncs only; a sync that a person asks for always runs.

use engine::Result;
use engine::controller::{Pause, PauseState};

use crate::context::{Access, Context};
use crate::output::{Answer, when};

pub(super) async fn pause(context: &Context, length: Option<&str>) -> Result<Answer> {
    let pause = length.map_or(Ok(Pause::Indefinitely), |length| Pause::parse(length, context.clock.now()))?;
    let state = match context.access().await? {
        Access::Door(door) => door.pause(pause).await?,
        Access::Here(lock) => {
            let engine = context.engine(lock, false).await?;
            let done = engine.pause(pause).await;
            engine.shutdown().await;
            done?
        }
    };
    answer(context, state)
}

pub(super) async fn resume(context: &Context) -> Result<Answer> {
    let state = match context.access().await? {
        Access::Door(door) => door.resume().await?,
        Access::Here(lock) => {
            let engine = context.engine(lock, false).await?;
            let done = engine.resume().await;
            engine.shutdown().await;
            done?
        }
    };
    answer(context, state)
}

fn answer(context: &Context, state: PauseState) -> Result<Answer> {
    Answer::new(&context.screen, &state, || match state.paused_until {
        Some(until) => {
            let until = when::both(until, context.screen.now);
            format!("Scheduled syncs are paused; they resume {until}. `autosync sync` still works.")
        }
        None if state.paused => {
            "Scheduled syncs are paused until `autosync resume`. `autosync sync` still works.".to_owned()
        }
        None => "Scheduled syncs have resumed.".to_owned(),
    })
}
