//! Newer versions of the app, by Tauri's updater: found in a file that the release wrote, downloaded when the user says so, and
//! installed only with our signature, which names the version too.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::Api;
use api::view::{ErrorView, FoundUpdate, UpdateStep, UpdateView};
use engine::error::bounded;
use engine::net::like_the_source;
use engine::{Error, ErrorCode};
use tauri::async_runtime::{JoinHandle, spawn};
use tauri::utils::config::BundleType;
use tauri::utils::platform::bundle_type;
use tauri::{AppHandle, Manager};
use tauri_plugin_updater::{Error as UpdaterError, Update, Updater, UpdaterExt};

use super::started::{self, Started, refresh};

/// Where releases announce themselves, and the key that signs them: given when a release is built. A build without them
/// looks for nothing, since there is nobody to ask.
const URL: Option<&str> = option_env!("AUTOSYNC_UPDATE_URL");
const KEY: Option<&str> = option_env!("AUTOSYNC_UPDATE_KEY");

/// After the start, so that nothing waits for it.
const FIRST: Duration = Duration::from_mins(1);

/// How often it is looked for then.
const EVERY: Duration = Duration::from_hours(24);

/// The longest that the file with the newest version may take, and the longest silence while a package comes.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// The longest download.
const COMES_WITHIN: Duration = Duration::from_mins(30);

/// Characters of a release's notes that are shown.
const NOTES: usize = 2_000;

/// What is known and under way.
#[derive(Default)]
pub(crate) struct Updates {
    view: Mutex<UpdateView>,
    found: Mutex<Option<Update>>,
    job: Mutex<Option<JoinHandle<()>>>,
}

/// Where newer versions are announced, and by whose signature.
struct Channel {
    url: String,
    key: String,
}

impl Channel {
    fn given() -> Option<Self> {
        let given = |built: Option<&str>, name| {
            // A developer's build can be tried with a channel of one's own.
            let tried = cfg!(debug_assertions).then(|| std::env::var(name).ok()).flatten();
            tried.or_else(|| built.map(str::to_owned)).filter(|value| !value.is_empty())
        };
        Some(Self { url: given(URL, "AUTOSYNC_UPDATE_URL")?, key: given(KEY, "AUTOSYNC_UPDATE_KEY")? })
    }
}

impl Updates {
    pub(crate) fn new() -> Self {
        let off = Channel::given().is_none().then(|| {
            "This program was built from source, so it has no update channel. A release looks for updates by itself.".to_owned()
        });
        Self { view: Mutex::new(UpdateView { off, ..UpdateView::default() }), ..Self::default() }
    }

    pub(crate) fn view(&self) -> UpdateView {
        locked(&self.view).clone()
    }
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks for newer versions from now on, unless the user wants none of that.
pub(crate) async fn keep_checking(app: AppHandle, api: Arc<Api>) {
    if Channel::given().is_none() {
        return;
    }
    tokio::time::sleep(FIRST).await;
    loop {
        if api.looks_for_updates() {
            check(&app);
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Begins to look for a newer version.
pub(crate) fn check(app: &AppHandle) {
    begin(app, UpdateStep::Checking, |app| async move {
        let (newest, found) = ask(&app).await?;
        let updates = app.state::<Updates>();
        locked(&updates.view).found = newest.map(|(version, notes)| FoundUpdate {
            version,
            notes: notes.filter(|notes| !notes.trim().is_empty()).map(|notes| bounded(notes.trim(), NOTES)),
            can_install: found.is_some() && can_install(),
            skipped: false,
        });
        *locked(&updates.found) = found;
        locked(&updates.view).checked_at = Some(wait(&app).await?.now());
        Ok(UpdateStep::Idle)
    });
}

/// The newest version with its notes, where that is newer than this one; and its package, where there is one for this system.
async fn ask(app: &AppHandle) -> Result<(Option<(String, Option<String>)>, Option<Update>), Error> {
    let newest = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&newest);
    let updater = updater(app, move |now, release| {
        let is_newer = release.version > now;
        if is_newer {
            *locked(&seen) = Some((release.version.to_string(), release.notes));
        }
        is_newer
    })
    .await?;
    let package = match updater.check().await {
        Ok(package) => package,
        // A newer version without a package for this system is told all the same.
        Err(UpdaterError::TargetsNotFound(_) | UpdaterError::TargetNotFound(_)) => None,
        Err(error) => return Err(told(&error)),
    };
    let newest = locked(&newest).take();
    Ok((newest, package))
}

async fn updater(
    app: &AppHandle,
    is_newer: impl Fn(semver::Version, tauri_plugin_updater::RemoteRelease) -> bool + Send + Sync + 'static,
) -> Result<Updater, Error> {
    let defect = |cause: &dyn std::fmt::Display| {
        Error::new(ErrorCode::Internal, "Updates cannot be looked for with this build.").detail(cause)
    };
    let channel = Channel::given().ok_or_else(|| defect(&"there is no channel"))?;
    let network = wait(app).await?.network()?;
    // An authority that cannot be read is told; below there is nobody to tell.
    drop(like_the_source(&network, reqwest::Client::builder())?);
    let url = channel.url.parse().map_err(|cause| defect(&cause))?;
    let handle = app.clone();
    let builder = app.updater_builder().endpoints(vec![url]).map_err(|cause| defect(&cause))?;
    builder
        .pubkey(channel.key)
        .timeout(ANSWERS_WITHIN)
        .version_comparator(is_newer)
        .configure_client(move |client| match like_the_source(&network, reqwest::Client::builder()) {
            Ok(ours) => ours.read_timeout(ANSWERS_WITHIN).timeout(COMES_WITHIN),
            Err(_) => client,
        })
        // Windows: the installer waits for this program's end, which comes without the usual way out.
        .on_before_exit(move || super::end(&handle))
        .build()
        .map_err(|cause| defect(&cause))
}

/// Begins to download the version that was found, and to install it.
pub(crate) fn install(app: &AppHandle) {
    begin(app, UpdateStep::Downloading, |app| async move {
        let updates = app.state::<Updates>();
        let package = locked(&updates.found).clone();
        let Some(package) = package.filter(|_| can_install()) else {
            return Err(Error::new(
                ErrorCode::NotFound,
                "There is nothing to install. Look for updates again, or get the new version where this one came from.",
            ));
        };
        let progress = |bytes: usize, total: Option<u64>| {
            let mut view = locked(&updates.view);
            let before = view.received;
            view.received += bytes as u64;
            view.total = total;
            // A step that can be seen.
            let step = total.map_or(1 << 18, |total| total / 50).max(1);
            if before / step != view.received / step {
                drop(view);
                refresh(&app);
            }
        };
        let bytes = package.download(progress, || {}).await.map_err(|error| told(&error))?;
        // Somebody may have given it up in this very moment.
        if !advance(&app, UpdateStep::Installing) {
            return Ok(UpdateStep::Idle);
        }
        // It blocks: on Windows until this program ends, elsewhere while a person types a password.
        let installed = tauri::async_runtime::spawn_blocking(move || package.install(bytes)).await;
        let installed = installed
            .map_err(|cause| Error::new(ErrorCode::Internal, "The update was not installed.").detail(cause))
            .and_then(|done| done.map_err(|error| told(&error)));
        // Windows: all was ended for an installer that could not be started then (a policy, a virus scanner).
        if let Err(error) = &installed
            && app.state::<super::Keep>().is_empty()
        {
            super::toast::plain("The update was not installed", &error.message);
            app.request_restart();
        }
        installed.map(|()| UpdateStep::Installed)
    });
}

/// Gives up what is being downloaded. What is being installed goes on.
pub(crate) fn cancel(app: &AppHandle) {
    if advance(app, UpdateStep::Idle)
        && let Some(job) = locked(&app.state::<Updates>().job).take()
    {
        job.abort();
    }
}

/// Runs one thing at a time; what it comes to is in the view.
fn begin<F, Done>(app: &AppHandle, step: UpdateStep, work: F)
where
    F: FnOnce(AppHandle) -> Done,
    Done: Future<Output = Result<UpdateStep, Error>> + Send + 'static,
{
    let updates = app.state::<Updates>();
    {
        let mut view = locked(&updates.view);
        if view.off.is_some() || !matches!(view.doing, UpdateStep::Idle) {
            return;
        }
        *view = UpdateView { doing: step, error: None, received: 0, total: None, ..view.clone() };
    }
    refresh(app);
    let (handle, work) = (app.clone(), work(app.clone()));
    let job = spawn(async move {
        let done = work.await;
        if let Err(error) = &done {
            tracing::warn!(%error, detail = error.detail.as_deref(), "the update came to nothing");
        }
        {
            let updates = handle.state::<Updates>();
            let mut view = locked(&updates.view);
            view.error = done.as_ref().err().map(ErrorView::from);
            view.doing = done.unwrap_or_default();
        }
        refresh(&handle);
    });
    *locked(&updates.job) = Some(job);
}

/// From the download to the next step; whether it was still being downloaded.
fn advance(app: &AppHandle, step: UpdateStep) -> bool {
    let was = {
        let updates = app.state::<Updates>();
        let mut view = locked(&updates.view);
        let was = view.doing;
        if was == UpdateStep::Downloading {
            view.doing = step;
        }
        was
    };
    refresh(app);
    was == UpdateStep::Downloading
}

/// Whether a package can take this program's place: it was installed from one, and not unpacked or built by hand.
fn can_install() -> bool {
    match bundle_type() {
        Some(BundleType::Deb | BundleType::Rpm) => true,
        // On a Mac every build says so; only one in a bundle can be replaced.
        Some(BundleType::App) => {
            std::env::current_exe().is_ok_and(|program| program.to_string_lossy().contains(".app/Contents/MacOS/"))
        }
        // The portable folder has the same program, without an uninstaller.
        Some(BundleType::Nsis) => {
            std::env::current_exe().is_ok_and(|program| program.with_file_name("uninstall.exe").is_file())
        }
        _ => false,
    }
}

async fn wait(app: &AppHandle) -> Result<Arc<Api>, Error> {
    let started = app.state::<Started>().inner().clone();
    started::wait(started).await
}

/// What people read of the updater's errors.
fn told(error: &UpdaterError) -> Error {
    let (code, message) = match error {
        UpdaterError::Minisign(_)
        | UpdaterError::Base64(_)
        | UpdaterError::SignatureUtf8(_)
        | UpdaterError::MissingSignedVersion
        | UpdaterError::SignedVersionMismatch { .. } => (
            ErrorCode::Unproven,
            "The download is not signed by this program's makers for that version, so it was thrown away. Try again later; if it stays so, report it.",
        ),
        UpdaterError::Reqwest(_) | UpdaterError::Network(_) => (
            ErrorCode::SourceUnreachable,
            "The update could not be fetched. Check the network, then try again. Nothing was changed.",
        ),
        UpdaterError::ReleaseNotFound | UpdaterError::Serialization(_) => {
            (ErrorCode::SourceStatus, "The update server gave no usable answer. Try again later. Nothing was changed.")
        }
        UpdaterError::AuthenticationFailed | UpdaterError::PackageInstallFailed => {
            (ErrorCode::Unsupported, "The system did not install the package. Try again, or install it by hand.")
        }
        _ => (ErrorCode::Internal, "The update failed. Nothing was changed. Try again, or install it by hand."),
    };
    Error::new(code, message).detail(error)
}
