#!/bin/sh
# start.sh COMMAND CLASS, as a person without anything: a screen without a monitor, a session bus, a panel. Fails unless
# the command shows a window of this class and puts an icon into the tray, and ends when it is told to.
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
if [ $# = 2 ]; then
  # Again, within a session, on whose bus nothing is started by itself: a portal would want a desktop.
  exec dbus-run-session --config-file="$folder/bus.conf" -- sh "$0" "$1" "$2" inside
fi
class=$2
work=$(mktemp -d)
die() { echo "start: $*" >&2; tail -n 20 "$work"/*.log >&2; exit 1; }
end() { kill $app $panel $screen 2>/dev/null || true; rm -rf "$work"; }
app= panel= screen=
trap end EXIT
# Up to 60 s: beside a build the first start is slow.
until_there() {
  tries=0
  until eval "$2" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 300 ] || die "waited a minute in vain for $1"
    sleep 0.2
  done
}

export XDG_RUNTIME_DIR="$work" NO_AT_BRIDGE=1 LANG=C.UTF-8 WEBKIT_DISABLE_DMABUF_RENDERER=1
Xvfb -displayfd 3 -screen 0 1280x900x24 -nolisten tcp 3>"$work/display" 2>"$work/screen.log" &
screen=$!
until_there "a screen" '[ -s "$work/display" ]'
export DISPLAY=":$(cat "$work/display")"
python3 "$folder/watcher.py" >"$work/panel.out" 2>"$work/panel.log" &
panel=$!
until_there "a panel" 'grep -q ready "$work/panel.out"'
$1 >"$work/app.log" 2>&1 &
app=$!
until_there "the tray icon" 'grep -q item "$work/panel.out"'
until_there "the window" 'xwininfo -root -tree | grep -q "\"LiteLLM Auto-Sync\".*\"$class\""'
kill $app
wait $app || die "the app ended with $?"
app=
