"""session.py STEP COMMAND CLASS, as a person without anything, within a session bus: on a screen without a monitor, and with a
stand-in for the desktop (desktop.py). Fails with a sentence unless all is as it should be:

sync    the command puts an icon into the tray and shows a window of this class; a proxy is added and synced from the tray's
        menu, a newer map is told in a toast; the app ends when it is told to
late    the same, without a sync, and the panel comes later than the app, as it does at a login
update  the tray's menu offers the newer version unasked, and the window installs it
"""

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from desktop import Desktop
from window import Window

# Where `cargo xtask try-packages` has put what the trial is about, and the map that the source serves.
HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "source")


def say(text):
    print(f"   {text}", flush=True)


def die(why):
    for name in sorted(os.listdir(WORK)):
        if name.endswith(".log"):
            with open(os.path.join(WORK, name), encoding="utf-8", errors="replace") as log:
                sys.stderr.write("".join(f"{name}: {line}" for line in log.readlines()[-20:]))
    sys.exit(f"session: {why}")


def until(what, look, seconds=60):
    """What `look` finds in the end. Beside a build a first start is slow."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            seen = desktop and f"; the tray's menu was {desktop.labels()}, toasts {desktop.toasts}"
            die(f"waited {seconds} s in vain for {what}{seen or ''}")
        time.sleep(0.2)


def begin(name, *command, **options):
    log = open(os.path.join(WORK, f"{name}.log"), "w", encoding="utf-8")
    begun = subprocess.Popen(command, stdout=options.pop("stdout", log), stderr=log, **options)
    BEGUN.append(begun)
    return begun


def end(begun):
    begun.terminate()
    code = begun.wait(60)
    if code != 0:
        die(f"{begun.args[0]} ended with {code}")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def start():
    app = begin("app", *shlex.split(COMMAND))
    # The window's title, and the class by which desktops find the menu entry that it belongs to.
    title, tree = '"LiteLLM Auto-Sync"', ["xwininfo", "-root", "-tree"]
    windows = lambda: subprocess.run(tree, capture_output=True, text=True).stdout.splitlines()
    until("the window", lambda: any(title in line and f'"{CLASS}"' in line for line in windows()))
    return app


def autosync(*args):
    """What the terminal's program says, beside the running app."""
    done = subprocess.run(["autosync", *args, "--json"], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        die(f"autosync {' '.join(args)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout) if done.stdout else None


def run(count, outcome):
    """The newest of so many runs, once it has ended, as it has to, in this outcome."""
    runs = autosync("history")["runs"]
    if len(runs) != count or runs[0]["outcome"] == "running":
        return None
    if runs[0]["outcome"] != outcome:
        die(f"the sync came to {runs[0]}")
    return runs[0]


def serve(name):
    """Has the source serve this map from now on."""
    part = os.path.join(SOURCE, "part")
    shutil.copy(os.path.join(HERE, name), part)
    os.replace(part, os.path.join(SOURCE, "map.json"))


def proxy_facts():
    with open(os.path.join(HERE, "proxy.json"), encoding="utf-8") as facts:
        return json.loads(facts.read() or "null")


def sync():
    proxy = until("the proxy", proxy_facts, 180)
    autosync("source", "set", os.environ["MAP_URL"])
    autosync("proxy", "add", "local", f"http://127.0.0.1:{proxy['port']}", "--key-env", "PROXY_KEY")
    desktop.click("Sync now", until)
    # The proxy has read the same map at its start, which the read-back proves.
    until("the first sync", lambda: run(1, "unchanged"))
    serve("newer.json")
    desktop.click("Sync now", until)
    second = until("the sync of the newer map", lambda: run(2, "succeeded"))
    new = second["new_models"]
    tells = lambda: next((toast for toast in desktop.toasts if any(name in toast for name in new)), None)
    toast = until("a toast of the new models", tells)
    status = autosync("status")["proxies"][0]
    if status["sync"] != "synced":
        die(f"the proxy is not in sync: {status}")
    fields = second["receipt"]["compared_fields"]
    say(f"synced a proxy of LiteLLM {proxy['version']}: run {second['id']} {second['outcome']}, {fields} fields read back")
    say(f"told in a toast: {toast}")


def update():
    offer = f"Update to {os.environ['NEWER']}…"
    # A minute after its start the app looks for a newer version.
    until("the offer in the menu", lambda: offer in desktop.labels(), 150)
    say(f"offered in the tray: {offer}")
    desktop.click(offer, until)
    window.see("can be installed", until)
    window.press("Install", until)
    # The page says elsewhere that nothing is installed unasked.
    window.see("is installed. Quit and start the app again", until)


STEP, COMMAND, CLASS = sys.argv[1:]
BEGUN, WORK = [], tempfile.mkdtemp()
os.environ.update(XDG_RUNTIME_DIR=WORK, NO_AT_BRIDGE="1", LANG="C.UTF-8", WEBKIT_DISABLE_DMABUF_RENDERER="1")
desktop, window = None if STEP == "late" else Desktop(), None
try:
    options = ["-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    screen = begin("screen", "Xvfb", "-displayfd", "1", *options, stdout=subprocess.PIPE)
    os.environ["DISPLAY"] = ":" + screen.stdout.readline().decode().strip()
    if STEP == "update":
        port = free_port()
        begin("driver", "WebKitWebDriver", f"--port={port}", env={**os.environ, "TAURI_WEBVIEW_AUTOMATION": "true"})
        window = Window(f"http://127.0.0.1:{port}", shutil.which(shlex.split(COMMAND)[0]), until)
        update()
        window.close()
    else:
        app = start()
        if STEP == "late":
            time.sleep(3)
            desktop = Desktop()
        until("the tray icon", lambda: desktop.item)
        if STEP == "sync":
            sync()
        end(app)
finally:
    for begun in reversed(BEGUN):
        begun.kill()
    shutil.rmtree(WORK, ignore_errors=True)
