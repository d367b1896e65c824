//! A place to put the map: read what is there, and replace exactly that.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use costmap::Revision;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{ClientOptions, HttpClient, HttpConnector};
use object_store::path::Path as ObjectPath;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt, PutMode, PutOptions, RetryConfig, UpdateVersion};
use tokio::task::spawn_blocking;
use url::Url;

use super::profile;
use crate::home::write_atomic;
use crate::net::Clients;
use crate::settings::{Network, PublishTarget};
use crate::{Error, ErrorCode, Result};

/// No map is larger (the same bound as for a source).
const LARGEST: u64 = 64 << 20;

/// A request that takes longer has failed.
const REQUEST: Duration = Duration::from_mins(1);

/// So long to reach the store.
const CONNECT: Duration = Duration::from_secs(10);

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct There {
    pub(super) revision: Revision,
    /// What the place calls this version.
    pub(super) tag: Option<String>,
}

/// A folder or a bucket.
#[derive(Debug)]
pub(super) enum Place {
    File(PathBuf),
    Bucket { store: AmazonS3, key: ObjectPath, shown: String },
}

impl Place {
    /// # Errors
    /// `publish_failed` where the store cannot be used as it is set up.
    pub(super) async fn of(target: &PublishTarget, network: &Network) -> Result<Self> {
        match target {
            PublishTarget::File(path) => Ok(Self::File(PublishTarget::file(path))),
            PublishTarget::Bucket { bucket, key } => {
                let bad = |error: StoreError| failed(&format!("The store for {target} cannot be used"), &error);
                Ok(Self::Bucket {
                    store: store(bucket, network).await.map_err(|error| match error {
                        Built::Store(error) => bad(error),
                        Built::Other(error) => error,
                    })?,
                    key: ObjectPath::from(key.as_str()),
                    shown: target.to_string(),
                })
            }
        }
    }

    /// What is there now. `known` is what was there last: where the place says that it is still that, it is not read again.
    pub(super) async fn read(&self, known: Option<(Revision, String)>) -> Result<Option<There>> {
        match self {
            Self::File(path) => {
                let path = path.clone();
                background(move || read_file(&path)).await
            }
            Self::Bucket { store, key, shown } => read_object(store, key, shown, known).await,
        }
    }

    /// Replaces `there`, or nothing. False where it is another one by now.
    pub(super) async fn write(&self, bytes: &[u8], there: Option<There>) -> Result<bool> {
        match self {
            Self::File(path) => {
                let (path, bytes) = (path.clone(), bytes.to_vec());
                background(move || replace_file(&path, &bytes, there.as_ref())).await
            }
            Self::Bucket { store, key, shown } => {
                let mode = match there {
                    None => PutMode::Create,
                    Some(There { tag, .. }) => PutMode::Update(UpdateVersion { e_tag: tag, version: None }),
                };
                let put = store.put_opts(key, bytes.to_vec().into(), PutOptions::from(mode)).await;
                match put {
                    Ok(_) => Ok(true),
                    Err(
                        StoreError::AlreadyExists { .. }
                        | StoreError::Precondition { .. }
                        | StoreError::NotFound { .. },
                    ) => Ok(false),
                    Err(error) => Err(failed(&format!("The map could not be written to {shown}"), &error)),
                }
            }
        }
    }
}

async fn background<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let defect = |error| Error::new(ErrorCode::Internal, "Publishing failed.").detail(error);
    spawn_blocking(work).await.map_err(defect)?
}

fn read_file(path: &Path) -> Result<Option<There>> {
    let unreadable = |cause: std::io::Error| {
        let message = format!("{} can't be read, so nothing was published. Check its permissions.", path.display());
        Error::new(ErrorCode::PublishFailed, message).detail(cause)
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(unreadable(cause)),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).map_err(unreadable)?;
    let revision = Revision::of(&bytes);
    Ok(Some(There { revision, tag: Some(revision.to_string()) }))
}

/// Under a lock that another machine of ours takes too, so that nothing comes between the look and the rename.
fn replace_file(path: &Path, bytes: &[u8], there: Option<&There>) -> Result<bool> {
    let unwritable = |cause: std::io::Error| {
        let message = format!(
            "The map can't be written to {}. What was there is unchanged. Check that the folder exists and can be written.",
            path.display()
        );
        Error::new(ErrorCode::PublishFailed, message).detail(cause)
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let lock =
        File::options().create(true).truncate(false).write(true).open(path.with_file_name(format!(".{name}.lock")));
    let lock = lock.map_err(unwritable)?;
    // A share that knows no locks still has the look just before the rename.
    drop(lock.lock());
    if read_file(path)?.as_ref() != there {
        return Ok(false);
    }
    let rights = fs::metadata(path).ok().map(|found| found.permissions());
    write_atomic(path, bytes).map_err(unwritable)?;
    share(path, rights).map_err(unwritable)?;
    Ok(true)
}

/// Others are to read it, so it keeps the rights that it had; a new one can be read by all, as the folder allows.
#[cfg(unix)]
fn share(path: &Path, rights: Option<fs::Permissions>) -> std::io::Result<()> {
    let new = || std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(path, rights.unwrap_or_else(new))
}

#[cfg(not(unix))]
fn share(_: &Path, _: Option<fs::Permissions>) -> std::io::Result<()> {
    Ok(())
}

async fn read_object(
    store: &AmazonS3,
    key: &ObjectPath,
    shown: &str,
    known: Option<(Revision, String)>,
) -> Result<Option<There>> {
    let unread = |error: StoreError| failed(&format!("{shown} could not be read"), &error);
    let found = match store.head(key).await {
        Ok(found) => found,
        Err(StoreError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(unread(error)),
    };
    if let (Some((revision, tag)), Some(now)) = (known, &found.e_tag)
        && *now == tag
    {
        return Ok(Some(There { revision, tag: Some(tag) }));
    }
    if found.size > LARGEST {
        let message = format!("What is at {shown} is far too large for a cost map. It was not overwritten.");
        return Err(Error::new(ErrorCode::PublishFailed, message));
    }
    let answer = match store.get(key).await {
        Ok(answer) => answer,
        Err(StoreError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(unread(error)),
    };
    let tag = answer.meta.e_tag.clone();
    let bytes = answer.bytes().await.map_err(unread)?;
    Ok(Some(There { revision: Revision::of(&bytes), tag }))
}

/// The store's own words may hold an address, never a key.
fn failed(what: &str, error: &StoreError) -> Error {
    let why = match error {
        StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => {
            "the store refuses these credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE."
        }
        StoreError::NotFound { .. } => "there is no such bucket.",
        _ => "see the detail. Proxies that read it keep what is there.",
    };
    Error::new(ErrorCode::PublishFailed, format!("{what}: {why}")).detail(error)
}

enum Built {
    Store(StoreError),
    Other(Error),
}

/// Credentials, region and endpoint come from the usual variables, else from the profile.
async fn store(bucket: &str, network: &Network) -> Result<AmazonS3, Built> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let endpoint = variable("AWS_ENDPOINT_URL_S3").or_else(|| variable("AWS_ENDPOINT_URL"));
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
    if variable("AWS_ACCESS_KEY_ID").is_none() {
        let found = profile::read(&variable);
        if let Some((id, secret)) = found.key {
            builder = builder.with_access_key_id(id).with_secret_access_key(secret);
        }
        if let Some(token) = found.token {
            builder = builder.with_token(token);
        }
        if let (Some(region), None) = (found.region, variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")))
        {
            builder = builder.with_region(region);
        }
    }
    // Who writes such an address means it: a store on this machine or in this network.
    let is_plain = endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
    if let Some(endpoint) = &endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    let amazon = format!("https://{bucket}.s3.amazonaws.com");
    let address = Url::parse(endpoint.as_deref().unwrap_or(&amazon));
    let bad =
        |cause| Built::Other(Error::new(ErrorCode::PublishFailed, "AWS_ENDPOINT_URL is no address.").detail(cause));
    let client = client(network, &address.map_err(bad)?).await.map_err(Built::Other)?;
    let retry = RetryConfig { max_retries: 2, retry_timeout: REQUEST, ..RetryConfig::default() };
    builder.with_allow_http(is_plain).with_retry(retry).with_http_connector(Ours(client)).build().map_err(Built::Store)
}

/// Our own client, so that outgoing proxies and a company's authority count here too.
async fn client(network: &Network, endpoint: &Url) -> Result<reqwest::Client> {
    let tune = |builder: reqwest::ClientBuilder| builder.timeout(REQUEST).connect_timeout(CONNECT);
    let clients = Clients::new(&network.proxy.environment(), &network.trust()?, &["http/1.1"], tune)?;
    Ok(clients.for_url(endpoint).await.clone())
}

#[derive(Debug)]
struct Ours(reqwest::Client);

impl HttpConnector for Ours {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}
