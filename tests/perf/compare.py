#!/usr/bin/env python3
"""Whole processes side by side, in turns: `autosync`, the Python program that a user would write instead, and simd-json
reading both maps and doing nothing else.

    compare.py AUTOSYNC TAPE MAPS_FOLDER [ROUNDS]

Prints Markdown for docs/PERFORMANCE.md: median and fastest wall time, and the largest resident memory.
"""
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

AUTOSYNC, TAPE, MAPS = sys.argv[1], sys.argv[2], Path(sys.argv[3])
ROUNDS = int(sys.argv[4]) if len(sys.argv) > 4 else 25
BASELINE = str(Path(__file__).with_name("baseline.py"))
OWN_MEMORY = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(command):
    """Seconds and peak resident MB of one process, with its output thrown away. The peak is at least that of this one,
    which a child begins with."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    begin = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, quiet, 1)])
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - begin
    os.close(quiet)
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        sys.exit(f"{command} ended with {code}")
    return seconds, usage.ru_maxrss / 1024


def table(title, commands, rounds):
    print(f"\n**{title}** ({rounds} rounds in turns)\n")
    print("| program | median | fastest | peak memory |")
    print("|---|---:|---:|---:|")
    results = {name: [] for name, _ in commands}
    for _ in range(rounds):
        for name, command in commands:
            results[name].append(measure(command))
    for name, _ in commands:
        seconds = [second for second, _ in results[name]]
        memory = max(megabytes for _, megabytes in results[name])
        memory = f"{memory:.0f} MB" if memory > OWN_MEMORY + 2 else "(small)"
        print(f"| {name} | {statistics.median(seconds) * 1000:.1f} ms | {min(seconds) * 1000:.1f} ms | {memory} |")


GROW = """
import json, sys
source, models, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
entries = json.load(open(source))
# Under other names these would be models, and broken ones.
for reserved in ("sample_spec", "fallback_generalizations"):
    entries.pop(reserved, None)
copies = range(-(-models // len(entries)))
json.dump({f"copy-{copy}/{name}": entry for copy in copies for name, entry in entries.items()}, open(out, "w"))
"""


def grow(source, models, out):
    """Writes a map of at least so many models: the real one again and again under other names. In a process of its own,
    since a child's peak memory begins with that of its parent."""
    subprocess.run([sys.executable, "-c", GROW, source, str(models), out], check=True)


AGREE = """
import json, subprocess, sys
def answer(command):
    document = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    for name, rows in document.items():
        if name.endswith("_changes"):
            rows.sort(key=lambda row: (row["model"], row["field"]))
    # As text: Python takes 1 and 1.0 and True for equal.
    return json.dumps(document, sort_keys=True)
python, baseline, autosync, old, new = sys.argv[1:]
if answer([python, baseline, "diff", old, new]) != answer([autosync, "diff", old, new, "--json"]):
    sys.exit(f"Python and autosync do not agree on {old} and {new}: their times would be of different work")
"""


def agree(old, new):
    """Sees to it that both give the same answer; in a process of its own, as `grow`."""
    subprocess.run([sys.executable, "-c", AGREE, sys.executable, BASELINE, AUTOSYNC, old, new], check=True)


def pair(old, new):
    """What is put side by side for two maps."""
    agree(old, new)
    return [
        ("Python: load, compare, every change as JSON", [sys.executable, BASELINE, "diff", old, new]),
        ("`autosync diff OLD NEW --json`", [AUTOSYNC, "diff", old, new, "--json"]),
        ("Python: load, validate, compare", [sys.executable, BASELINE, "check", old, new]),
        ("`autosync check NEW --against OLD --json`", [AUTOSYNC, "check", new, "--against", old, "--json"]),
        ("simd-json: tape of both, nothing else", [TAPE, old, new]),
    ]


near = [str(MAPS / f"{version}.json") for version in ("1.106.0", "1.106.3")]
far = [str(MAPS / f"{version}.json") for version in ("1.102.4", "1.109.1")]
table("Two maps a week apart (1.106.0, 1.106.3)", pair(*near), ROUNDS)
table("Two maps two months apart (1.102.4, 1.109.1)", pair(*far), ROUNDS)
table("Nothing but starting", [("`autosync --version`", [AUTOSYNC, "--version"])], ROUNDS)
with tempfile.TemporaryDirectory() as folder:
    commands = []
    for models in (12_500, 25_000, 50_000, 100_000):
        path = Path(folder) / f"{models}.json"
        grow(str(MAPS / "1.109.1.json"), models, str(path))
        commands.append((f"`autosync check`, {models:,} models, {path.stat().st_size / 1e6:.0f} MB", [AUTOSYNC, "check", str(path), "--json"]))
    table("A growing map, checked alone", commands, 5)
