//! Prices that go while their model stays: that part is then billed at $0, or at the plain price. One such price was
//! missing for 40 releases before anybody noticed.

use crate::check::findings::{About, Findings, Rule};
use crate::check::model::{Form, Model};
use crate::check::notice::Dropped;
use crate::check::words::{field, quoted};
use crate::leaf::{Leaf, Path};
use crate::number::plain;
use crate::path::{PathId, Step};
use crate::people::{money, plain_name};

pub(crate) const PRICE_GONE: Rule = Rule::review(
    "price.gone",
    "A price that was removed from a model with nothing in its place: that usage would be billed at $0.",
)
.many("{subject}: {n} models lost a price that nothing replaces");
pub(crate) const TIER_GONE: Rule =
    Rule::info("price.tier_gone", "A tier price that was removed from a model: the base price applies.")
        .many("{subject}: {n} models lost a tier price; the base price applies");
pub(crate) const FORM_CHANGED: Rule = Rule::review(
    "form.became_unknown",
    "A model whose row changed to a form that this program does not recognise: known versions of LiteLLM would not price it.",
)
.many("{n} models changed to a form that this version does not recognise, without a price");

/// `dropped` knows which fields the whole map gave up: those are told once, and not for each model.
pub(crate) fn check(changed: &[Model<'_, '_>], dropped: &Dropped<'_, '_>, out: &mut Findings) {
    for model in changed.iter().filter(|model| model.form != Form::Alias) {
        let Some(old) = model.old.filter(Model::has_own_values) else { continue };
        let lost: Vec<Leaf<'_>> = old.leaves().filter(|leaf| is_lost(model, leaf)).collect();
        if lost.is_empty() {
            continue;
        }
        if model.form == Form::Unknown {
            out.add(FORM_CHANGED, About { subject: None, ..model.as_a_whole() }, || {
                let name = quoted(&model.name);
                format!("{name}: its row has a form that this version does not recognise, and no price.")
            });
            continue;
        }
        // Another provider has other prices.
        if old.provider() != model.provider {
            continue;
        }
        let added = added(model);
        for leaf in lost.iter().filter(|leaf| !dropped.is_schema(leaf.path_id())) {
            one(model, leaf, &added, out);
        }
    }
}

fn one(model: &Model<'_, '_>, leaf: &Leaf<'_>, added: &[String], out: &mut Findings) {
    let path = leaf.path();
    let about = About { field: Some(path), value: Some(leaf.text()), ..model.as_a_whole() };
    let unit = leaf.unit();
    let price = leaf.decimal().map_or_else(|| plain(rust_decimal::Decimal::ZERO), |price| money(price, unit));
    if let Some(base) = plain_price(model, path) {
        out.add(TIER_GONE, about, || {
            format!("{}: {}, {price} before, is gone; {base} applies instead.", quoted(&model.name), field(path))
        });
    } else if !added.iter().any(|added| direction(added) == direction(&field(path))) {
        out.add(PRICE_GONE, about, || {
            format!(
                "{}: {}, {price} before, is gone with nothing in its place; that usage would be billed at $0.",
                quoted(&model.name),
                field(path)
            )
        });
    }
}

/// Whether a price above 0 of the old entry has nothing at its place now. What stands there in another form is told for that.
fn is_lost(model: &Model<'_, '_>, leaf: &Leaf<'_>) -> bool {
    if !leaf.is_price() || leaf.decimal().is_none_or(|price| price.is_zero()) {
        return false;
    }
    let Some(path) = model.pair.in_new(leaf.path_id()) else { return true };
    let paths = model.pair.new.paths();
    let is_below = |now: PathId| paths.ancestors(now).any(|step| step == path);
    model.now(path).is_none() && !model.leaves().any(|now| is_below(now.path_id()))
}

/// The price that applies where a tier's has gone: the same field without what says when it applies.
fn plain_price(model: &Model<'_, '_>, path: Path<'_>) -> Option<String> {
    let Step::Field(name) = path.last() else { return None };
    let base = plain_name(name);
    let in_list = path.parent().depth() > 0 && matches!(path.parent().last(), Step::Item(_));
    if base == &**name && !in_list {
        return None;
    }
    let found = model.pair.new.field_id(base)?;
    model.price(Some(found)).map(|_| base.to_owned())
}

/// Prices that the model did not have before.
fn added(model: &Model<'_, '_>) -> Vec<String> {
    let is_added = |(path, ..): &&(PathId, Leaf<'_>, _)| model.was(*path).is_none();
    model.prices.iter().filter(is_added).map(|(_, leaf, _)| field(leaf.path())).collect()
}

/// What a price is for, as far as one may take the place of another.
fn direction(name: &str) -> &'static str {
    ["cache_read", "cache_creation", "input", "output", "ocr", "annotation"]
        .into_iter()
        .find(|word| name.contains(word))
        .unwrap_or("other")
}
