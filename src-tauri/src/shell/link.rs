//! A place in the dashboard as a link that the system opens, so that a toast leads there long after it was shown.

use api::view::Place;
use url::Url;

/// The scheme, which the app registers for itself.
pub(crate) const SCHEME: &str = "litellm-autosync";

/// The link to a place.
pub(crate) fn to(place: &Place) -> String {
    let place = serde_json::to_string(place).unwrap_or_default();
    Url::parse_with_params(&format!("{SCHEME}:show"), [("place", place)]).map(String::from).unwrap_or_default()
}

/// The place of a link; `None` for anything else.
pub(crate) fn place(link: &str) -> Option<Place> {
    let url = Url::parse(link).ok().filter(|url| url.scheme() == SCHEME && url.path() == "show")?;
    let (_, place) = url.query_pairs().find(|(name, _)| name == "place")?;
    serde_json::from_str(&place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_a_place_and_nothing_else() {
        let there = Place::Review { model: Some("azure/gpt \u{e9}&\"<>%".to_owned()) };
        let link = to(&there);
        assert!(link.is_ascii() && !link.contains([' ', '"', '<', '&']), "{link}");
        assert_eq!(place(&link), Some(there));
        for other in [
            "",
            "https://example.com",
            "litellm-autosync:quit",
            "litellm-autosync:show?place=%",
            "litellm-autosync:show",
        ] {
            assert_eq!(place(other), None, "{other}");
        }
    }
}
