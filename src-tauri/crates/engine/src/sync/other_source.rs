//! A proxy that reads its map from another place than we do.

use crate::net::shown_text;
use crate::proxy::SourceInfo;
use crate::source::Source;
use crate::{Error, ErrorCode};

/// Where a proxy reads its map when that is not the source here. It would load what nobody checked, so no sync reloads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherSource {
    /// As people may see it.
    shown: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// An address that can be the source here as well.
    Address,
    /// An address that carries what may be a secret: it is taken over by hand, or not at all.
    Secret,
    /// An object in S3, which cannot be read here.
    S3,
    /// A file, on the proxy's machine.
    File,
}

impl OtherSource {
    /// What the proxy says of itself, against the source here; `None` where both are the same, where it does not tell, and
    /// where it reads the file in its package whatever its address is.
    pub fn of(source: &Source, live: Option<&SourceInfo>) -> Option<Self> {
        let info = live.filter(|info| !info.is_env_forced)?;
        let theirs = info.url.as_deref().filter(|theirs| !source.is_same_address(theirs))?;
        let shown = shown_text(theirs);
        let kind = match theirs.trim().parse::<Source>() {
            _ if theirs.trim().starts_with("s3://") => Kind::S3,
            Ok(Source::File(_)) => Kind::File,
            Ok(Source::Http(url)) if url.query().is_none() && url.fragment().is_none() => Kind::Address,
            _ => Kind::Secret,
        };
        Some(Self { shown, kind })
    }

    /// The address that the source here can be set to, so that both are the same.
    pub fn usable(&self) -> Option<&str> {
        (self.kind == Kind::Address).then_some(self.shown.as_str())
    }

    /// What a run says that stops because of it.
    pub fn refusal(&self, source: &Source) -> Error {
        let shown = &self.shown;
        let message = match self.kind {
            Kind::S3 => format!(
                "The proxy reads its map from {shown}, an object in S3 that nobody checks here; the source here is {source}. Nothing was reloaded. Point its LITELLM_MODEL_COST_MAP_URL at the source here, so that both are the same."
            ),
            _ => format!(
                "The proxy reads its map from {shown}, but the source here is {source}. Nothing was reloaded. Change the proxy's LITELLM_MODEL_COST_MAP_URL or the source here (Settings, or `autosync source set`), so that both are the same."
            ),
        };
        Error::new(ErrorCode::SourceMismatch, message)
    }

    /// What a test of the proxy says: that a sync would not reload it, and what to do.
    pub fn warning(&self, source: &Source) -> Error {
        let shown = &self.shown;
        let message = match self.kind {
            Kind::Address => format!(
                "This proxy reads its map from {shown}, but the source here is {source}. A sync reloads it only when both are the same: use the proxy's source here, or change its LITELLM_MODEL_COST_MAP_URL."
            ),
            Kind::Secret => format!(
                "This proxy reads its map from {shown}, but the source here is {source}. A sync reloads it only when both are the same. Its full address is not shown, since it may hold a secret: set it as the source by hand, or change its LITELLM_MODEL_COST_MAP_URL."
            ),
            Kind::S3 => format!(
                "This proxy reads its map from {shown}, an object in S3, which this app cannot read or check. To sync it, point its LITELLM_MODEL_COST_MAP_URL at {source}."
            ),
            Kind::File => format!(
                "This proxy reads its map from {shown}, a file on its own machine, but the source here is {source}. To sync it, point its LITELLM_MODEL_COST_MAP_URL at {source}; if the file is on this machine, you can set it as the source instead."
            ),
        };
        Error::new(ErrorCode::SourceMismatch, message)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn other(url: &str, is_env_forced: bool) -> Option<OtherSource> {
        let told = json!({"source": "remote", "url": url, "is_env_forced": is_env_forced, "model_count": 3});
        OtherSource::of(&"https://maps.example/map.json".parse().unwrap(), Some(&SourceInfo::of(&told).unwrap()))
    }

    #[rstest]
    #[case("https://other.example/map.json", Some("https://other.example/map.json"), "use the proxy's source")]
    #[case("https://other.example/map.json?token=sk-secret", None, "by hand")]
    #[case("https://me:pw@other.example/map.json", None, "by hand")]
    #[case("s3://bucket/map.json", None, "an object in S3")]
    #[case("/etc/litellm/map.json", None, "a file on its own machine")]
    fn another_source_is_told_and_taken_over_where_that_works(
        #[case] url: &str,
        #[case] usable: Option<&str>,
        #[case] says: &str,
    ) {
        let source = "https://maps.example/map.json".parse().unwrap();
        let other = other(url, false).unwrap();
        assert_eq!(other.usable(), usable);
        let warning = other.warning(&source);
        assert_eq!(warning.code, ErrorCode::SourceMismatch);
        assert!(warning.message.contains(says), "{}", warning.message);
        let all = format!("{} {}", warning.message, other.refusal(&source).message);
        assert!(!all.contains("secret=") && !all.contains("sk-secret") && !all.contains("pw@"), "{all}");
    }

    #[test]
    fn the_same_source_is_no_other_one_and_a_file_in_its_package_is_told_elsewhere() {
        assert_eq!(other("HTTPS://maps.example:443/map.json", false), None);
        assert_eq!(other("https://other.example/map.json", true), None);
    }
}
