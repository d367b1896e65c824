//! `cargo xtask try-packages`: the Debian package as a person has it, in a Debian of its own: installed, started from its menu
//! entry, synced with a real proxy, updated, removed, purged. The scripts in `src-tauri/package/linux/try` do it, and say what
//! is wrong.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use super::product::Product;
use super::sign::quoted;
use super::{build, deb, stage};
use crate::failure::Doing;
use crate::phases::Phases;
use crate::{Failure, Result, cache, channel, command, maps, python, setup, workspace};

/// The oldest Debian that the package is for.
const SUITE: &str = "bookworm";

/// What the trial itself needs there: a screen, a session bus, and what a desktop is made of.
const WITH: &str = "ca-certificates,dbus,x11-utils,xvfb,python3-dbus,python3-gi";

/// What the trial's own app calls itself: a version before any release.
const OLDER: &str = "0.0.1";

/// The port of the trial's channel; it is compiled into the trial's own app.
const CHANNEL_PORT: u16 = 48_443;

/// The port of the trial's source.
const SOURCE_PORT: u16 = 48_480;

/// The key of the trial's proxy.
const PROXY_KEY: &str = "sk-try-packages-1234";

/// Seconds that the proxy lives at most.
const PROXY_LIVES: &str = "1800";

/// The scripts.
const SCRIPTS: [&str; 6] = ["packages.sh", "session.py", "desktop.py", "window.py", "serve.py", "bus.conf"];

/// Tries the package that `cargo xtask package linux` has made, as an update of an older one that is made for it.
///
/// # Errors
/// With code 2 where this is no Debian, or not root.
pub fn try_packages() -> Result<()> {
    let mut phases = Phases::default();
    let product = Product::read()?;
    let result = all(&mut phases, &product);
    phases.summary();
    result
}

fn all(phases: &mut Phases, product: &Product) -> Result<()> {
    phases.run("set-up: packages", || {
        setup::machine(setup::For::Trials)?;
        setup::machine(setup::For::Proxies)
    })?;
    let (shipped, tree) = (product.out.join(deb::file_name(product)), product.work.join("tree"));
    if !shipped.is_file() || !tree.is_dir() {
        return Err(Failure::failed("there is no package to try yet: `cargo xtask package linux` makes it"));
    }
    for port in [CHANNEL_PORT, SOURCE_PORT] {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .doing(format_args!("listen at port {port}, as the trial has to"))?;
    }
    let proxy = phases.run("set-up: a real proxy, two real maps", || {
        maps::fetch(&maps::DEMO.map(str::to_owned))?;
        python::make_proxy(python::NEWEST_PROXY)
    })?;
    let folder = product.work_folder("try")?;
    let key = phases.run("a key of the trial's own", || Key::made(&product.work.join("try.key")))?;
    phases
        .run("an older app, which looks for updates in the trial's channel", || older(product, &tree, &key, &folder))?;
    phases.run("the channel", || announce(&shipped, &key, &folder.join("channel")))?;
    let base = phases.run("a fresh Debian", fresh)?;
    phases.run("install, start, sync, remove, update, start, remove with the data", || {
        let root = folder.join("root");
        command::run(command::program("cp").args(["--archive", "--reflink=auto"]).arg(&base).arg(&root))?;
        let result = laid_out(product, &root.join("try"), &shipped, &key, &folder);
        let result = result.and_then(|()| run_inside(&root, &proxy));
        drop(fs::remove_dir_all(&root)); // it has a gigabyte
        result
    })
}

/// The pair that signs in the trial. No package that is shipped knows of it.
struct Key {
    private: String,
    public: String,
}

impl Key {
    /// Made once: with another one the older app would be built anew.
    fn made(file: &Path) -> Result<Self> {
        let public = file.with_extension("key.pub");
        if !public.is_file() {
            // No question, so no password.
            command::output(channel::signer().args(["generate", "--ci", "--force", "--write-keys"]).arg(file))?;
        }
        Ok(Self { private: stage::read(file)?.trim().to_owned(), public: stage::read(&public)?.trim().to_owned() })
    }
}

/// The package of an app as it is shipped, but with another version and a channel.
fn older(product: &Product, tree: &Path, key: &Key, folder: &Path) -> Result<()> {
    let config = serde_json::json!({ "version": OLDER }).to_string();
    let url = format!("{}/latest.json", channel_url());
    let variables = [("TAURI_CONFIG", &*config), ("AUTOSYNC_UPDATE_URL", &*url), ("AUTOSYNC_UPDATE_KEY", &*key.public)];
    let app = build::here_with(&variables)?.app();
    let own = folder.join("tree");
    command::output(command::program("cp").args(["--archive", "--no-target-directory"]).arg(tree).arg(&own))?;
    stage::program(&app, &own.join("usr/bin/litellm-autosync"))?;
    // It must not lie where somebody may take it for one that can be given away.
    fs::remove_file(&app).doing(format_args!("remove {}", app.display()))?;
    let older = Product { version: OLDER.to_owned(), ..product.clone() };
    let made = deb::make(&older, &own, &folder.join("made"), deb::Tight::No)?;
    let to = folder.join("older.deb");
    fs::rename(&made, &to).doing(format_args!("rename {}", made.display()))
}

/// Where the older app looks for updates.
fn channel_url() -> String {
    format!("https://localhost:{CHANNEL_PORT}")
}

/// The shipped package with its signature and the file that announces it, as a release has them.
fn announce(shipped: &Path, key: &Key, folder: &Path) -> Result<()> {
    stage::file(shipped, &folder.join(shipped.file_name().unwrap_or_default()))?;
    let this = std::env::current_exe().doing("find this program")?;
    let mut announce = command::program(this);
    announce.args(["channel", "--base-url", &channel_url()]).arg(folder);
    command::output(announce.env(channel::KEY, &key.private).env(channel::PASSWORD, "")).map(drop)
}

/// Everything that the scripts find beside them.
fn laid_out(product: &Product, inside: &Path, shipped: &Path, key: &Key, folder: &Path) -> Result<()> {
    for name in SCRIPTS {
        stage::file(&stage::ours("linux/try").join(name), &inside.join(name))?;
    }
    stage::file(shipped, &inside.join("newer.deb"))?;
    stage::file(&folder.join("older.deb"), &inside.join("older.deb"))?;
    for file in stage::files(&folder.join("channel"))? {
        stage::file(&file, &inside.join("channel").join(file.file_name().unwrap_or_default()))?;
    }
    let [older, newer] = maps::DEMO;
    stage::file(&cache::map_file(older)?, &inside.join("source/map.json"))?;
    stage::file(&cache::map_file(newer)?, &inside.join("newer.json"))?;
    let document = |name: &str| stage::read(&workspace::root().join(name));
    let values = [
        ("OLDER", OLDER.to_owned()),
        ("NEWER", product.version.clone()),
        ("CHANNEL", channel_url()),
        ("CHANNEL_PORT", CHANNEL_PORT.to_string()),
        ("UPDATE_KEY", key.public.clone()),
        ("MAP_URL", map_url()),
        ("PROXY_KEY", PROXY_KEY.to_owned()),
        ("README_INSTALL", install_line(&document("README.md")?)?),
        ("INSTALL_REMOVE", remove_lines(&document("docs/INSTALL.md")?)?),
    ];
    let lines = values.map(|(name, value)| format!("{name}={}\n", quoted(&value)));
    stage::text(&inside.join("trial.env"), &lines.concat())
}

/// Where app and proxy read the map.
fn map_url() -> String {
    format!("http://127.0.0.1:{SOURCE_PORT}/map.json")
}

/// What README says to type on Debian.
fn install_line(readme: &str) -> Result<String> {
    let line = readme.split('`').find(|words| words.starts_with("sudo apt install ./"));
    line.map(str::to_owned).ok_or_else(|| Failure::failed("README.md does not say how to install the Debian package"))
}

/// What INSTALL.md says to type on Linux, so that nothing is left of the data.
fn remove_lines(install: &str) -> Result<String> {
    let (_, after) = install.split_once("## Uninstalling").unwrap_or_default();
    let (_, lines) = after.split_once("\n# Linux\n").unwrap_or_default();
    match lines.split_once("\n```") {
        Some((lines, _)) => Ok(lines.to_owned()),
        None => Err(Failure::failed("docs/INSTALL.md does not say how to remove the data on Linux")),
    }
}

/// A Debian that nobody has used, from the mirror that this machine uses; made once, in the cache.
fn fresh() -> Result<PathBuf> {
    let _lock = cache::lock("debian")?;
    let folder = cache::folder()?.join(format!("debian-{SUITE}"));
    let complete = folder.join("complete");
    let root = folder.join("root");
    if complete.is_file() {
        return Ok(root);
    }
    stage::empty(&folder)?;
    let sites = command::output(command::program("apt-get").args(["indextargets", "--format", "$(SITE)"]))?;
    let mirror = sites.lines().find(|site| site.ends_with("/debian")).ok_or_else(|| {
        Failure::missing("apt knows no Debian mirror here; the trial needs a Debian whose packages come from one")
    })?;
    let mut make = command::program("debootstrap");
    make.args(["--variant=minbase", &format!("--include={WITH}"), SUITE]).arg(&root).arg(mirror);
    command::output(&mut make)?;
    // How this machine reaches its mirror: by a proxy, with certificates of its own.
    let acquire = command::output(command::program("apt-config").args(["dump", "Acquire"]))?;
    let ways: Vec<&str> = acquire.lines().filter(|line| line.starts_with("Acquire::http")).collect();
    stage::text(&root.join("etc/apt/apt.conf.d/99as-here"), &(ways.join("\n") + "\n"))?;
    let names = Path::new("/etc/resolv.conf");
    if names.exists() {
        stage::file(names, &root.join("etc/resolv.conf"))?;
    }
    cache::write_whole(&complete, b"")?;
    Ok(root)
}

/// In a process tree of its own, all of which ends with it, as do the mounts. The source and the real proxy, which asks it for
/// its map, run beside the fresh Debian: on the same loopback, but on the Python and the files of this machine.
fn run_inside(root: &Path, proxy: &python::Environment) -> Result<()> {
    let script = r#"set -e
        mount -t proc proc "$1/proc"; mkdir -p "$1/dev/shm"; mount -t tmpfs tmpfs "$1/dev/shm"
        cd "$1/try"
        "$2" -m http.server --bind 127.0.0.1 --directory source "$4" >source.log 2>&1 &
        sleep "$5" | "$2" "$3" --map-url "$6" --master-key "$7" >proxy.json 2>proxy.log &
        exec chroot "$1" /bin/sh /try/packages.sh"#;
    let mut inside = command::program("unshare");
    inside.args(["--mount", "--pid", "--fork", "--kill-child", "--", "sh", "-c", script, "sh"]).arg(root);
    inside.arg(proxy.python()).arg(workspace::root().join("tests/proxy/real_proxy.py"));
    inside.args([&SOURCE_PORT.to_string(), PROXY_LIVES, &map_url(), PROXY_KEY]);
    // Nothing of this session is passed on, other than how the network is reached.
    inside.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    inside.envs([("PYTHONDONTWRITEBYTECODE", "1"), ("PYTHONUTF8", "1")]);
    let network = |name: &str| ["http_proxy", "https_proxy", "no_proxy"].contains(&name.to_lowercase().as_str());
    inside.envs(std::env::vars().filter(|(name, _)| network(name)));
    command::run(&mut inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_documents_say_is_found() {
        let document = |name: &str| stage::read(&workspace::root().join(name)).unwrap();
        assert_eq!(install_line(&document("README.md")).unwrap(), "sudo apt install ./litellm-autosync_*_amd64.deb");
        let remove = remove_lines(&document("docs/INSTALL.md")).unwrap();
        assert!(remove.starts_with("rm -rf ~/.local/share/") && remove.contains("autostart"), "{remove}");
        assert!(install_line("").is_err() && remove_lines("").is_err());
    }
}
