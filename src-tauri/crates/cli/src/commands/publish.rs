//! `autosync publish`: the promoted map where a whole team or cluster reads it.

use engine::publish::PublishState;
use engine::settings::SettingsEdit;
use engine::{Error, ErrorCode, Result};

use super::with_problems;
use crate::args::PublishArgs;
use crate::context::{Access, Context};
use crate::output::{Answer, safe, when};

pub(super) async fn run(context: &Context, args: PublishArgs) -> Result<Answer> {
    let PublishArgs { to, url, replace } = args;
    let before = context.settings()?.settings.publish;
    if to.is_some() || url.is_some() {
        let to = to.or_else(|| before.map(|publish| publish.to.to_string())).unwrap_or_else(|| "off".to_owned());
        context.access().await?.change(context, SettingsEdit::SetPublish { to, url }).await?;
    }
    let chosen = context.settings()?;
    let state = if chosen.settings.publish.is_some() {
        match context.access().await? {
            Access::Here(lock) => {
                let engine = context.engine(lock, false).await?;
                let state = engine.publish(replace).await;
                engine.shutdown().await;
                state
            }
            Access::Door(door) => door.publish(replace).await,
        }?
    } else if chosen.file.settings().publish.is_none() && replace {
        return Err(off());
    } else {
        PublishState::default()
    };
    let exit = state.error.as_ref().map_or(0, |error| error.code.exit_code());
    let answer = Answer::new(&context.screen, &state, || text(&state))?;
    Ok(with_problems(answer.exit(exit), &chosen.problems))
}

fn off() -> Error {
    Error::new(ErrorCode::NotFound, "Nothing is published yet. Choose a place with `autosync publish --to TARGET`.")
        .field("to")
}

fn text(state: &PublishState) -> String {
    let Some(to) = &state.to else {
        return "Nothing is published. `autosync publish --to s3://bucket/key` (or a folder) puts the promoted map there."
            .to_owned();
    };
    let mut out = match (&state.revision, &state.published_at) {
        (Some(revision), Some(at)) => {
            format!("{} has the map {}, since {}.\n", safe(to), revision.short(), when::exact(*at))
        }
        _ => format!("{} has nothing of ours yet.\n", safe(to)),
    };
    if let Some(error) = &state.error {
        out.push_str(&format!("{}\n", safe(&error.message)));
        if let Some(detail) = &error.detail {
            out.push_str(&format!("{}\n", safe(detail)));
        }
    }
    match &state.url {
        Some(url) => out.push_str(&format!(
            "Proxies read it with LITELLM_MODEL_COST_MAP_URL={}{}",
            safe(url),
            if url.starts_with("s3://") { " (LiteLLM 1.109.1 or newer)" } else { "" }
        )),
        None => out.push_str("`autosync publish --url URL` says at which address proxies read it."),
    }
    out
}
