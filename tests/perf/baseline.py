#!/usr/bin/env python3
"""What a user would write instead: load two cost maps, validate the newer, compare every leaf.

    baseline.py OLD.json NEW.json

Prints the counts that `autosync check NEW --against OLD` and `autosync diff OLD NEW` also give, so that the comparison
in docs/PERFORMANCE.md is of the same work.
"""
import json
import sys
from decimal import Decimal

RESERVED = {"sample_spec", "fallback_generalizations", "_metadata"}


def no_duplicates(pairs):
    seen = {}
    for key, value in pairs:
        if key in seen:
            DUPLICATES.append(key)
        seen[key] = value
    return seen


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file, parse_float=Decimal, object_pairs_hook=no_duplicates)


def leaves(value, path=""):
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(below, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from leaves(below, f"{path}[{number}]")
    else:
        yield path, value


def problems(entries):
    for model, entry in entries.items():
        if not isinstance(entry, dict) or not isinstance(entry.get("litellm_provider"), str):
            yield model, "no provider"
            continue
        for path, value in leaves(entry):
            number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
            if "cost" in path:
                if not number or value < 0:
                    yield model, path
                elif "token" in path and value >= Decimal("0.001"):
                    yield model, path
            elif path.startswith("max_") and (not number or value < 0 or value != int(value)):
                yield model, path


DUPLICATES = []
old, new = (load(path) for path in sys.argv[1:3])
old, new = ({name: entry for name, entry in each.items() if name not in RESERVED} for each in (old, new))
found = list(problems(new))
added = [name for name in new if name not in old]
removed = [name for name in old if name not in new]
changed = 0
for name, entry in new.items():
    before = old.get(name)
    if before is None or before == entry:
        continue
    one, two = dict(leaves(before)), dict(leaves(entry))
    changed += sum(1 for path in one.keys() | two.keys() if one.get(path) != two.get(path))
print(f"{len(new)} models, {len(found)} problems, {len(DUPLICATES)} duplicates, +{len(added)} -{len(removed)}, {changed} leaves differ")
