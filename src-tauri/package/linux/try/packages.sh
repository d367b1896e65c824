#!/bin/sh
# Runs as root in a fresh Debian, with what `cargo xtask try-packages` puts beside it: older.deb and newer.deb, the same
# programs with another version. Fails with a sentence at the first thing that is not as it should be.
set -eu
cd "$(dirname "$0")"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
PACKAGE=litellm-autosync

say() { echo "   $*"; }
die() { echo "try-packages: $*" >&2; exit 1; }
apt() { apt-get -qq -o Dpkg::Use-Pty=0 -o APT::Sandbox::User=root "$@" >apt.log 2>&1 || { tail -n 30 apt.log >&2; die "apt-get $1 failed"; }; }
version() { dpkg-query -W -f '${Version}' $PACKAGE; }
# What is there of it, other than a person's own data and what lies here.
left() { find / -xdev \( -path /proc -o -path /home -o -path "$PWD" \) -prune -o -name '*autosync*' -print; }

[ -z "$(left)" ] || die "this Debian is not fresh: $(left)"
apt update
apt install "$PWD/older.deb"
say "installed: $(version)"
[ -z "$(dpkg --verify $PACKAGE)" ] || die "files are not as in the package"
for command in autosync litellm-autosync; do
  $command --version >/dev/null || die "$command does not start"
  [ -f "/usr/share/man/man1/$command.1.gz" ] || [ ! -d /usr/share/man/man1 ] || die "$command has no manual page"
done

useradd --create-home person
mkdir -p -m 1777 /tmp/.X11-unix # a screen's, which only root makes
exec_line=$(sed -n '/^\[Desktop Entry\]/,/^\[Desktop Action/s/^Exec=//p' /usr/share/applications/$PACKAGE.desktop)
class=$(sed -n 's/^StartupWMClass=//p' /usr/share/applications/$PACKAGE.desktop)
start() { su - person -c "sh '$PWD/start.sh' '$exec_line' '$class'" || die "$1"; }
start "the app does not start from its menu entry"
say "started from its menu entry: window and tray icon, and ended when it was told to"
data=/home/person/.local/share/$PACKAGE
[ -f $data/ledger.db ] || die "the app kept no data in $data"
su - person -c 'autosync source set https://example.com/map.json' >/dev/null 2>&1 || die "the terminal cannot change a setting"
before=$(md5sum <$data/settings.toml)

was=$(version)
apt install "$PWD/newer.deb"
dpkg --compare-versions "$(version)" gt "$was" || die "$(version) is not newer than $was"
[ "$before" = "$(md5sum <$data/settings.toml)" ] || die "the upgrade changed a person's settings"
start "the app does not start after the upgrade"
say "upgraded: $(version)"

apt remove $PACKAGE
dpkg --purge $PACKAGE >dpkg.log 2>&1 || die "dpkg does not purge what was removed"
[ -z "$(left)" ] || die "the package left behind: $(left)"
[ -f $data/ledger.db ] || die "the person's data went with the package"
say "removed and purged: nothing is left but the person's data"
