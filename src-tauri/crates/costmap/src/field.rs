//! What a field means, by its path: price, limit, capability, and the unit that a price is for.

use serde::{Deserialize, Serialize};

use crate::path::Step;

/// The kind of a field, as change sets and check rules treat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldClass {
    /// A numeric leaf whose path contains `cost` (LITELLM, "The map's shape").
    Price,
    /// `max_…`, `rpm`, `tpm` and the like.
    Limit,
    /// `*multiplier*` and `provider_specific_entry`: scales prices, and is not a price itself.
    Multiplier,
    /// What is no price in `off_peak_pricing`: when the prices in it apply.
    Hours,
    /// `alias_of` and `aliases`: other names.
    Alias,
    /// `litellm_provider`.
    Provider,
    /// `mode`.
    Mode,
    /// `supports_…` and `supported_…`.
    Capability,
    /// `deprecation_date`, and where that is said, and what comes after.
    Deprecation,
    /// Everything else.
    Other,
}

impl FieldClass {
    /// The class of `step` below a path of class `parent`; `top` says that it is a field of the entry itself.
    pub(crate) fn below(parent: Self, top: bool, step: &Step) -> Self {
        let Step::Field(name) = step else { return parent };
        let name: &str = name;
        if parent == Self::Multiplier || name.contains("multiplier") || (top && name == "provider_specific_entry") {
            return Self::Multiplier;
        }
        if parent == Self::Price || name.contains("cost") {
            return Self::Price;
        }
        if !top {
            return parent;
        }
        match name {
            "litellm_provider" => Self::Provider,
            "mode" => Self::Mode,
            "deprecation_date" | "deprecation_source" | "successor_model" => Self::Deprecation,
            "off_peak_pricing" => Self::Hours,
            "alias_of" | "aliases" => Self::Alias,
            "rpm" | "tpm" | "rpd" | "tpd" | "output_vector_size" | "prompt_cache_min_tokens" => Self::Limit,
            _ if name.starts_with("max_") => Self::Limit,
            _ if name.starts_with("supports_") || name.starts_with("supported_") => Self::Capability,
            _ => Self::Other,
        }
    }
}

/// What a price is for. Prices in the map are USD per one of these; people read tokens per million.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// One token, shown per million.
    Token,
    /// A thousand tokens, shown per million.
    ThousandTokens,
    /// One image.
    Image,
    /// One pixel, shown per million.
    Pixel,
    /// One second of audio or video.
    Second,
    /// One query or search.
    Query,
    /// One page.
    Page,
    /// One character, shown per million.
    Character,
    /// One request.
    Request,
    /// One session.
    Session,
    /// A thousand calls.
    ThousandCalls,
    /// One gigabyte a day.
    GigabyteDay,
    /// One credit of the provider.
    Credit,
    /// One text message.
    Message,
    /// Another unit that the field's name tells.
    Other,
}

impl Unit {
    /// The unit of the price field with this path: `input_cost_per_token_above_200k_tokens` is for a token,
    /// `search_context_cost_per_query.search_context_size_high` for a query.
    pub fn of_path(path: &str) -> Self {
        let named = path.rsplit('.').find(|part| part.contains("cost")).unwrap_or(path);
        Self::of_field(named)
    }

    fn of_field(name: &str) -> Self {
        // What follows says when the price applies, not what it is for.
        let name = name.split("_above_").next().unwrap_or(name);
        let has = |word: &str| name.contains(word);
        if has("per_1k_tokens") {
            Self::ThousandTokens
        } else if has("_token") {
            Self::Token
        } else if has("per_1k_calls") {
            Self::ThousandCalls
        } else if has("per_gb_per_day") {
            Self::GigabyteDay
        } else if has("_pixel") {
            Self::Pixel
        } else if has("per_second") {
            Self::Second
        } else if has("_image") {
            Self::Image
        } else if has("_query") {
            Self::Query
        } else if has("_page") {
            Self::Page
        } else if has("_character") {
            Self::Character
        } else if has("_request") {
            Self::Request
        } else if has("_session") {
            Self::Session
        } else if has("_credit") {
            Self::Credit
        } else if has("_message") {
            Self::Message
        } else {
            Self::Other
        }
    }

    /// What people read: the power of ten that a price is multiplied by, and the words after the amount.
    pub fn for_people(self) -> (u32, &'static str) {
        match self {
            Self::Token => (6, "per 1M tokens"),
            Self::ThousandTokens => (3, "per 1M tokens"),
            Self::Pixel => (6, "per 1M pixels"),
            Self::Character => (6, "per 1M characters"),
            Self::Image => (0, "per image"),
            Self::Second => (0, "per second"),
            Self::Query => (0, "per query"),
            Self::Page => (0, "per page"),
            Self::Request => (0, "per request"),
            Self::Session => (0, "per session"),
            Self::ThousandCalls => (0, "per 1,000 calls"),
            Self::GigabyteDay => (0, "per GB and day"),
            Self::Credit => (0, "per credit"),
            Self::Message => (0, "per message"),
            Self::Other => (0, "per unit"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_read_from_the_name_that_holds_cost() {
        for (path, unit) in [
            ("input_cost_per_token", Unit::Token),
            ("cache_read_input_token_cost", Unit::Token),
            ("cache_creation_input_token_cost_above_1hr_above_200k_tokens", Unit::Token),
            ("input_cost_per_image_token", Unit::Token),
            ("tiered_pricing[1].output_cost_per_reasoning_token", Unit::Token),
            ("output_cost_per_image_1024", Unit::Image),
            ("input_cost_per_image_above_128k_tokens", Unit::Image),
            ("input_cost_per_character_above_128k_tokens", Unit::Character),
            ("input_cost_per_video_per_second_above_8s_interval", Unit::Second),
            ("output_cost_per_second_1080p", Unit::Second),
            ("input_cost_per_pixel", Unit::Pixel),
            ("search_context_cost_per_query.search_context_size_high", Unit::Query),
            ("ocr_cost_per_page_batches", Unit::Page),
            ("code_interpreter_cost_per_session", Unit::Session),
            ("file_search_cost_per_1k_calls", Unit::ThousandCalls),
            ("computer_use_input_cost_per_1k_tokens", Unit::ThousandTokens),
            ("vector_store_cost_per_gb_per_day", Unit::GigabyteDay),
            ("guardrail_cost_per_unit.topicPolicyUnits", Unit::Other),
        ] {
            assert_eq!(Unit::of_path(path), unit, "{path}");
        }
    }
}
