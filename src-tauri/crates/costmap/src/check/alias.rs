//! `aliases`: LiteLLM from 1.82.2 on makes an entry of each. Information only; what a version makes of them is `compat`.

use crate::check::findings::{Findings, Rule};
use crate::check::model::Model;
use crate::check::words::quoted;
use crate::map::LeafKind;

pub(crate) const EXPANDED: Rule =
    Rule::info("alias.expanded", "A model with other names, each of which becomes an entry.");
pub(crate) const NOT_A_LIST: Rule = Rule::info("alias.not_a_list", "Aliases that are no list: LiteLLM ignores them.");
pub(crate) const NAME_TAKEN: Rule =
    Rule::info("alias.name_taken", "An alias that is also a model: LiteLLM keeps the model and ignores the alias.");

pub(crate) fn check(model: &Model<'_, '_>, out: &mut Findings) {
    let Some(field) = model.pair.aliases else { return };
    let name = quoted(&model.name);
    if let Some(leaf) = model.now(field).filter(|leaf| !matches!(leaf.kind(), LeafKind::EmptyList | LeafKind::Null)) {
        out.add(NOT_A_LIST, model.about(&leaf), || {
            format!("{name}: aliases is {}; LiteLLM expects a list and ignores anything else.", quoted(leaf.text()))
        });
        return;
    }
    let mut expanded = 0_usize;
    for leaf in model.leaves().filter(|leaf| leaf.path().parent().id() == field) {
        let Some(alias) = leaf.as_str() else { continue };
        if model.pair.new.get(&alias).is_some() {
            out.add(NAME_TAKEN, model.about(&leaf), || {
                let alias = quoted(&alias);
                format!(
                    "{name}: the alias {alias} is also a model of its own; LiteLLM keeps that and ignores the alias."
                )
            });
        } else {
            expanded += 1;
        }
    }
    if expanded > 0 {
        out.add(EXPANDED, model.as_a_whole(), || {
            format!("{name}: {expanded} aliases become entries with the same prices.")
        });
    }
}
