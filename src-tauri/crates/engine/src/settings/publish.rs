//! Where the promoted map is put for others: `[publish]`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{SourceUrl, invalid};
use crate::gateway::FILE;
use crate::{Error, Result};

/// The promoted map is put there too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Publish {
    /// Where.
    pub to: PublishTarget,
    /// The address at which proxies read it, where that is another one: a web server's for a folder, HTTPS for a bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Publish {
    /// Whether `url`, which a proxy says that it reads, is what is published.
    pub fn is(&self, url: &str) -> bool {
        let url = url.trim();
        let is_target = matches!(self.to, PublishTarget::Bucket { .. }) && self.to.to_string() == url;
        let same = |own: &String| {
            let parsed = own.parse::<crate::source::Source>();
            parsed.is_ok_and(|source| source.is_same_address(url))
        };
        is_target || self.url.as_ref().is_some_and(same)
    }

    /// What a proxy is told to read; `None` for a file that no address is known for.
    pub fn read_at(&self) -> Option<String> {
        match (&self.url, &self.to) {
            (Some(url), _) => Some(url.clone()),
            (None, PublishTarget::Bucket { .. }) => Some(self.to.to_string()),
            (None, PublishTarget::File(_)) => None,
        }
    }
}

/// A place for the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublishTarget {
    /// A file, or a folder that gets one, by its absolute path.
    File(PathBuf),
    /// An object of an S3-compatible store.
    Bucket {
        /// The bucket.
        bucket: String,
        /// The object's key.
        key: String,
    },
}

impl PublishTarget {
    /// The file itself: in a folder it has LiteLLM's own name.
    pub(crate) fn file(path: &Path) -> PathBuf {
        let is_folder = path.is_dir() || path.as_os_str().to_string_lossy().ends_with(['/', '\\']);
        if is_folder { path.join(FILE) } else { path.to_owned() }
    }
}

impl fmt::Display for PublishTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Bucket { bucket, key } => write!(f, "s3://{bucket}/{key}"),
        }
    }
}

impl Serialize for PublishTarget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for PublishTarget {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        if let Some(place) = text.strip_prefix("s3://") {
            let (bucket, key) = place.split_once('/').unwrap_or((place, ""));
            let is_plain = |part: &str| !part.is_empty() && !part.contains(['@', '?', '#', ' ', '\\', ':']);
            if !is_plain(bucket) || !is_plain(key) || key.split('/').any(|part| part.is_empty() || part == "..") {
                return Err(invalid("Write the bucket and the object's key, like s3://my-bucket/prices.json."));
            }
            return Ok(Self::Bucket { bucket: bucket.to_owned(), key: key.to_owned() });
        }
        if text.contains("://") {
            return Err(invalid(
                "The map can be put into a folder, a file or an S3 bucket (s3://bucket/key). Write an address of a web server under url.",
            ));
        }
        let path = PathBuf::from(text);
        if path.is_absolute() {
            Ok(Self::File(path))
        } else {
            Err(invalid("Write the whole path of a folder or a file, s3://bucket/key, or off."))
        }
    }
}

/// The address at which proxies read what is published; empty is none.
///
/// # Errors
/// Those of an address of a source.
pub(super) fn read_url(text: &str) -> Result<Option<String>> {
    let text = text.trim();
    if text.is_empty() { Ok(None) } else { SourceUrl::parse(text).map(|url| Some(url.as_str().to_owned())) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("s3://prices/team/map.json", true)]
    #[case("s3://prices", false)]
    #[case("s3://key:secret@prices/map.json", false)]
    #[case("s3://prices/../map.json", false)]
    #[case("https://example.com/map.json", false)]
    #[case("relative/map.json", false)]
    fn a_target_is_a_bucket_or_a_whole_path(#[case] text: &str, #[case] is_one: bool) {
        let target = text.parse::<PublishTarget>();
        assert_eq!(target.is_ok(), is_one, "{target:?}");
        if let Ok(target) = target {
            assert_eq!(target.to_string(), text);
        }
    }

    #[test]
    fn a_proxy_reads_it_by_the_target_or_by_the_address() {
        let to: PublishTarget = "s3://prices/map.json".parse().unwrap();
        let bucket = Publish { to: to.clone(), url: None };
        assert!(bucket.is("s3://prices/map.json") && !bucket.is("s3://prices/other.json"));
        assert_eq!(bucket.read_at().as_deref(), Some("s3://prices/map.json"));
        let web = Publish { to, url: Some("https://prices.example/map.json".into()) };
        assert!(web.is("HTTPS://prices.example:443/map.json") && web.is("s3://prices/map.json"));
        let folder = Publish { to: PublishTarget::File(std::env::temp_dir()), url: None };
        assert_eq!((folder.read_at(), folder.is(&std::env::temp_dir().display().to_string())), (None, false));
    }
}
