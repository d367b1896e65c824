//! A proxy that reads its map from another place than we do.

use crate::diagnosis::{Cause, Diagnosis};
use crate::gateway::{FILE, GatewayAddress};
use crate::net::shown_text;
use crate::proxy::SourceInfo;
use crate::settings::Publish;
use crate::source::Source;

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
    /// Our own gateway, which is off or elsewhere.
    Gateway,
}

/// Our own gateway, as one proxy may read it, and what is published.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnGateway<'a> {
    /// Where it is, while it is on.
    pub address: Option<&'a GatewayAddress>,
    /// The proxy's name.
    pub proxy: &'a str,
    /// The proxy came for a map under its own path.
    pub came: bool,
    /// What is published.
    pub publish: Option<&'a Publish>,
}

impl OwnGateway<'_> {
    /// Whether this is it.
    pub fn is(self, url: &str) -> bool {
        self.address.is_some_and(|address| address.is_of(url, self.proxy)) || self.is_published(url)
    }

    /// Whether this is what is published.
    fn is_published(self, url: &str) -> bool {
        self.publish.is_some_and(|publish| publish.is(url))
    }

    /// Whether the proxy reads what is published, by what it says.
    pub fn is_bucket(self, live: Option<&SourceInfo>) -> bool {
        let url = live.filter(|info| !info.is_env_forced).and_then(|info| info.url.as_deref());
        url.is_some_and(|url| self.is_published(url))
    }

    /// Whether this has the form of the proxy's own address at a gateway of ours, wherever that is.
    fn is_like(self, url: &str) -> bool {
        !self.proxy.is_empty()
            && url.trim().starts_with("http://")
            && url.trim().ends_with(&format!("/{}/{FILE}", self.proxy))
    }

    /// Whether the proxy reads it: by what it says, or where it is too old to say (below 1.81.15) by what it did.
    pub fn is_read(self, live: Option<&SourceInfo>) -> bool {
        match live {
            Some(info) => {
                let reads = |url: &str| self.address.is_some_and(|address| address.is_of(url, self.proxy));
                !info.is_env_forced && info.url.as_deref().is_some_and(reads)
            }
            None => self.came && self.address.is_some(),
        }
    }
}

impl OtherSource {
    /// What the proxy says of itself, against the source here; `None` where both are the same, where it does not tell, and
    /// where it reads the file in its package whatever its address is.
    pub fn of(source: &Source, live: Option<&SourceInfo>, own: OwnGateway<'_>) -> Option<Self> {
        let info = live.filter(|info| !info.is_env_forced)?;
        let theirs = info.url.as_deref().filter(|theirs| !source.is_same_address(theirs) && !own.is(theirs))?;
        let shown = shown_text(theirs);
        let kind = match theirs.trim().parse::<Source>() {
            _ if own.is_like(theirs) => Kind::Gateway,
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

    /// What is wrong, and what would end it: a sync reloads a proxy only where both sources are the same.
    pub fn diagnosis(&self, ours: &Source) -> Diagnosis {
        let shown = &self.shown;
        let what = match self.kind {
            Kind::Address | Kind::Secret => "",
            Kind::S3 => ", an object in S3, which this app cannot read or check",
            Kind::File => ", a file on its own machine",
            Kind::Gateway => {
                let evidence =
                    format!("The proxy reads this program's gateway at {shown}, and nothing listens there for it.");
                let remedy = format!(
                    "Turn the gateway on at that address (Settings, or `autosync gateway on`), or point the proxy's LITELLM_MODEL_COST_MAP_URL at {ours}."
                );
                return Diagnosis::new(Cause::GatewayOff, evidence, remedy);
            }
        };
        let remedy = match self.kind {
            Kind::Address => format!(
                "Use the proxy's source here (Settings, or `autosync source set`), or point its LITELLM_MODEL_COST_MAP_URL at {ours}."
            ),
            Kind::Secret => format!(
                "Its full address is not shown, since it may hold a secret: set it as the source by hand, or point the proxy's LITELLM_MODEL_COST_MAP_URL at {ours}."
            ),
            Kind::S3 | Kind::Gateway => format!("Point its LITELLM_MODEL_COST_MAP_URL at {ours}."),
            Kind::File => format!(
                "Point its LITELLM_MODEL_COST_MAP_URL at {ours}; if the file is on this machine, you can set it as the source instead."
            ),
        };
        let evidence = format!(
            "The proxy reads its map from {shown}{what}, but the source here is {ours}. A sync reloads it only when both are the same."
        );
        Diagnosis::new(Cause::OtherSource, evidence, remedy)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::ErrorCode;

    fn other(url: &str, is_env_forced: bool) -> Option<OtherSource> {
        let told = json!({"source": "remote", "url": url, "is_env_forced": is_env_forced, "model_count": 3});
        OtherSource::of(
            &"https://maps.example/map.json".parse().unwrap(),
            Some(&SourceInfo::of(&told).unwrap()),
            OwnGateway::default(),
        )
    }

    #[rstest]
    #[case("https://other.example/map.json", Some("https://other.example/map.json"), "Use the proxy's source")]
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
        let refusal = other.diagnosis(&source).refusal();
        assert_eq!(refusal.code, ErrorCode::SourceMismatch);
        let all = refusal.message;
        assert!(all.contains(says), "{all}");
        assert!(!all.contains("secret=") && !all.contains("sk-secret") && !all.contains("pw@"), "{all}");
    }

    #[test]
    fn a_gateway_of_ours_that_is_off_is_told_as_that() {
        let url = "http://127.0.0.1:4401/eu/model_prices_and_context_window.json";
        let told = json!({"source": "remote", "url": url, "is_env_forced": false, "model_count": 3});
        let info = SourceInfo::of(&told).unwrap();
        let source = "https://maps.example/map.json".parse().unwrap();
        let of = |address| {
            OtherSource::of(&source, Some(&info), OwnGateway { address, proxy: "eu", ..OwnGateway::default() })
        };
        let off = of(None).unwrap();
        assert!(off.diagnosis(&source).refusal().message.contains("gateway on"), "{off:?}");
        assert_eq!(off.usable(), None, "it is no source");
        let address = GatewayAddress { listen: "127.0.0.1:4401".parse().unwrap(), prefix: None };
        assert_eq!(of(Some(&address)), None);
    }

    #[test]
    fn the_same_source_is_no_other_one_and_a_file_in_its_package_is_told_elsewhere() {
        assert_eq!(other("HTTPS://maps.example:443/map.json", false), None);
        assert_eq!(other("https://other.example/map.json", true), None);
    }
}
