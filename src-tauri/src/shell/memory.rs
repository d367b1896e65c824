//! What work has used and does not need any more goes back to the system. Linux' C library keeps it, in a heap for each few
//! threads: after ten syncs that is more than everything else in this program.

use std::time::Duration;

use tokio::sync::Notify;

static WORKED: Notify = Notify::const_new();

/// Work comes in pieces, and the next one needs what the last one has freed.
const SETTLES: Duration = Duration::from_secs(3);

/// Something was done, so that there may be memory to give back soon.
pub(super) fn worked() {
    WORKED.notify_one();
}

/// Gives it back a little after each piece of work.
pub(super) async fn keep_small() {
    loop {
        WORKED.notified().await;
        tokio::time::sleep(SETTLES).await;
        give_back();
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
use library::give_back;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) use library::one_heap;

/// Elsewhere the system's own heap does it by itself.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "only the C library knows what it holds free")]
mod library {
    /// A piece that is in use keeps its page: in one heap there are fewer of them than in one for each few threads. Little here
    /// waits for the other threads' turn, since what is small comes from a store of each thread's own.
    const HEAPS: libc::c_int = 1;

    /// Before any thread is started.
    pub(crate) fn one_heap() {
        // SAFETY: one number for a setting of the library's, while no other thread is there (mallopt(3)).
        unsafe { libc::mallopt(libc::M_ARENA_MAX, HEAPS) };
    }

    pub(super) fn give_back() {
        // SAFETY: it takes no pointer, and touches only what nobody has allocated (malloc_trim(3): MT-safe).
        unsafe { libc::malloc_trim(0) };
    }
}
