#!/bin/sh
# Runs as root in a fresh Debian, with what `cargo xtask try-packages` puts beside it: newer.deb, the package as it is shipped, and
# older.deb, one of the trial's own, whose app looks for updates in the trial's channel. Fails with a sentence at the first
# thing that is not as it should be.
set -eu
cd "$(dirname "$0")"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
. ./trial.env
PACKAGE=litellm-autosync

say() { echo "   $*"; }
die() { echo "try-packages: $*" >&2; exit 1; }
quietly() { "$@" >last.log 2>&1 || { tail -n 30 last.log >&2; die "$* failed"; }; }
apt() { quietly apt-get -qq --yes "$@"; }
version() { dpkg-query -W -f '${Version}' $PACKAGE; }
# What is there of it, other than what lies here; a person's own data counts only where that is asked for.
left() { find / -xdev \( -path /proc -o -path "$PWD" -o -path "${1-/home}" \) -prune -o -iname '*auto*sync*' -print; }
person() { su - person -c "$1"; }
step() {
  person "cd '$PWD' && set -a && . ./trial.env && dbus-run-session --config-file=bus.conf -- \
    env PYTHONDONTWRITEBYTECODE=1 python3 session.py $1 '$entry' '$class'" || die "$2"
}
removed() {
  [ -z "$(left)" ] || die "the package left behind: $(left)"
  [ -f $data/ledger.db ] || die "the person's data went with the package"
}
knows_trial() { grep -qF -e "$CHANNEL" -e "$UPDATE_KEY" /usr/bin/$PACKAGE; }

[ -z "$(left)" ] || die "this Debian is not fresh: $(left)"
apt update
# Somebody who may use sudo without a password, and says yes to apt.
apt install sudo
useradd --create-home person
echo 'person ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/person
echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/99yes
mkdir -p -m 1777 /tmp/.X11-unix # a screen's, which only root makes
data=/home/person/.local/share/$PACKAGE

person "mkdir Downloads" && cp newer.deb "/home/person/Downloads/${PACKAGE}_${NEWER}_amd64.deb"
quietly person "cd Downloads && $README_INSTALL"
say "installed $(version) as README says: $README_INSTALL"
[ "$(version)" = "$NEWER" ] || die "this is not $NEWER"
[ -z "$(dpkg --verify $PACKAGE)" ] || die "files are not as in the package"
knows_trial && die "the shipped app has the trial's channel in it"
for command in autosync litellm-autosync; do
  $command --version >/dev/null || die "$command does not start"
  [ -f "/usr/share/man/man1/$command.1.gz" ] || [ ! -d /usr/share/man/man1 ] || die "$command has no manual page"
done
entry=$(sed -n '/^\[Desktop Entry\]/,/^\[Desktop Action/s/^Exec=//p' /usr/share/applications/$PACKAGE.desktop)
class=$(sed -n 's/^StartupWMClass=//p' /usr/share/applications/$PACKAGE.desktop)
if person /usr/bin/$PACKAGE >last.log 2>&1 || ! grep -q "autosync watch" last.log; then
  die "without a screen the app says: $(cat last.log)"
fi
chown -R person source
step sync "the app from the menu entry does not sync, or does not tell"
say "started from its menu entry, with window and tray icon, and ended when it was told to"
before=$(md5sum <$data/settings.toml)

quietly person "sudo apt remove $PACKAGE"
quietly dpkg --purge $PACKAGE
removed
say "removed and purged: nothing is left but the person's data"

# The channel, by HTTPS, with a certificate by an authority that this machine trusts, as a company's machine would.
certificate() { quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "$@"; }
trusted=/usr/local/share/ca-certificates/trial.crt
certificate -subj "/CN=Trial Authority" -keyout authority.key -out $trusted
certificate -subj /CN=localhost -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE \
  -CA $trusted -CAkey authority.key -keyout channel.key -out channel.crt
quietly update-ca-certificates
(cd channel && exec python3 ../serve.py "$CHANNEL_PORT" ../channel.crt ../channel.key >../serve.log 2>&1) &
# What asks for a password is Debian's own pkexec. A rule stands in for the person who types it.
apt install pkexec webkit2gtk-driver
cat >/etc/polkit-1/rules.d/50-trial.rules <<'RULE'
polkit.addRule(function (action, subject) { if (subject.user == "person") return polkit.Result.YES; });
RULE
mkdir -p /run/dbus && dbus-daemon --system --fork

apt install "$PWD/older.deb"
[ "$(version)" = "$OLDER" ] || die "this is not $OLDER"
knows_trial || die "the older app does not have the trial's channel in it"
step update "the update is not offered, or not installed"
[ "$(version)" = "$NEWER" ] || die "$(version) is installed after the update, and not $NEWER"
knows_trial && die "the update left the older app"
[ "$before" = "$(md5sum <$data/settings.toml)" ] || die "the update changed a person's settings"
step late "the app does not start after the update"
say "updated: $OLDER became $NEWER, which starts with the same settings, and finds a panel that comes later"

quietly person "sudo apt remove $PACKAGE"
quietly dpkg --purge $PACKAGE
removed
rm -r /home/person/Downloads
printf '%s\n' "$INSTALL_REMOVE" >remove.sh
quietly person "bash -e '$PWD/remove.sh'"
[ -z "$(left /none)" ] || die "after what INSTALL.md says there is still: $(left /none)"
say "removed with the data as INSTALL.md says: nothing is left"
