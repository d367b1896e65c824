//! A map that does not go on to the next stage by itself.

use crate::view::{AppState, Attention, AttentionAction, StageProgress, Tone};

/// What stopped, and what waits for a person.
pub(super) fn stages(state: &AppState) -> Vec<Attention> {
    let pairs = state.stages.windows(2);
    pairs
        .filter_map(|pair| match pair {
            [stage, next] => Some((stage, next)),
            _ => None,
        })
        .filter_map(|(stage, next)| {
            let revision = stage.revision.as_deref().unwrap_or_default();
            let id = format!("stage:{}:{revision}:{:?}", stage.stage, stage.progress).to_lowercase();
            match stage.progress {
                StageProgress::Stopped => Some(Attention {
                    id,
                    tone: Tone::Warn,
                    title: format!("The new map stopped at {}.", stage.stage),
                    text: format!("{} {} keeps its map until that works.", stage.text, capital(&next.stage)),
                    subject: None,
                    in_card: false,
                    action: match &stage.proxy {
                        Some(proxy) => AttentionAction::Sync { label: "Sync again".to_owned(), proxy: proxy.clone() },
                        None => AttentionAction::CheckSource { label: "Check again".to_owned() },
                    },
                }),
                StageProgress::Waiting | StageProgress::Pinned => Some(Attention {
                    id,
                    tone: Tone::Info,
                    title: match stage.progress {
                        StageProgress::Pinned => format!("A map cannot be tried in {}.", stage.stage),
                        _ => format!("A map is ready for {}.", next.stage),
                    },
                    text: match stage.progress {
                        StageProgress::Pinned => stage.text.clone(),
                        _ => format!("Every proxy in {} has it. {}", stage.stage, stage.text),
                    },
                    subject: Some(revision.chars().take(7).collect()),
                    in_card: false,
                    action: AttentionAction::Promote {
                        label: format!("Promote to {}", next.stage),
                        to: next.stage.clone(),
                    },
                }),
                _ => None,
            }
        })
        .collect()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::state;
    use crate::view::StageView;

    fn stage(stage: &str, progress: StageProgress, text: &str) -> StageView {
        StageView {
            stage: stage.to_owned(),
            proxies: 1,
            revision: Some("b".repeat(40)),
            progress,
            until: None,
            proxy: (progress == StageProgress::Stopped).then(|| "eu".to_owned()),
            text: text.to_owned(),
        }
    }

    #[test]
    fn what_stopped_is_told_with_its_reason_and_what_waits_with_the_way_on() {
        let mut state = state();
        let last = stage("production", StageProgress::Done, "");
        state.stages = vec![stage("testing", StageProgress::Stopped, "eu failed: No answer."), last.clone()];
        let told = stages(&state);
        assert_eq!(told[0].title, "The new map stopped at testing.");
        assert_eq!(told[0].text, "eu failed: No answer. Production keeps its map until that works.");
        assert_eq!(told[0].action, AttentionAction::Sync { label: "Sync again".into(), proxy: "eu".into() });
        state.stages = vec![stage("testing", StageProgress::Waiting, "Waits for you."), last.clone()];
        let promote = AttentionAction::Promote { label: "Promote to production".into(), to: "production".into() };
        assert_eq!(stages(&state)[0].action, promote);
        state.stages = vec![stage("testing", StageProgress::Soaking, ""), last];
        assert!(stages(&state).is_empty(), "what goes on by itself needs nobody");
    }
}
