#!/usr/bin/env python3
"""What a user would write instead of `autosync`.

    baseline.py diff OLD.json NEW.json     every change as JSON
    baseline.py check OLD.json NEW.json    validates the newer map and counts what changed

`compare.py` sees to it that `diff` gives the answer of `autosync diff OLD NEW --json`, change by change, so that the times
in docs/PERFORMANCE.md are of the same work. `check` looks at the values that hold a map (prices, limits, providers, keys
given twice); the other rules of `autosync check`, which compare models with each other, have no counterpart here.
"""
import hashlib
import json
import sys
from collections import Counter
from decimal import ROUND_HALF_UP, Context, Decimal

RESERVED = {"sample_spec", "fallback_generalizations", "_metadata"}
LIMITS = {"rpm", "tpm", "rpd", "tpd", "output_vector_size", "prompt_cache_min_tokens"}
TIMES = ("hours", "minutes", "seconds")
LISTS = ("pricing", "limit", "provider", "mode", "capability", "deprecation", "other")
SIX_DIGITS = Context(prec=6, rounding=ROUND_HALF_UP)


def load(path):
    """The git blob id, the models, and how many keys were given twice."""
    with open(path, "rb") as file:
        raw = file.read()
    twice = 0

    def once(pairs):
        nonlocal twice
        members = dict(pairs)
        twice += len(pairs) - len(members)
        return members

    entries = json.loads(raw, parse_float=Decimal, object_pairs_hook=once)
    for key in RESERVED:
        entries.pop(key, None)
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw).hexdigest(), entries, twice


def leaves(value, path=""):
    """Each value with its path. A list of plain values is one field, but not one of prices."""
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from leaves(below, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and ("cost" in path or any(isinstance(item, (dict, list)) for item in value)):
        for number, below in enumerate(value):
            yield from leaves(below, f"{path}[{number}]")
    else:
        yield path, value


def is_number(value):
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def problems(entries):
    """Values that hold a map."""
    found = 0
    for entry in entries.values():
        if not isinstance(entry, dict) or not isinstance(entry.get("litellm_provider"), str):
            found += 1
            continue
        for path, value in leaves(entry):
            if "cost" in path:
                found += not is_number(value) or not value >= 0
            elif path in LIMITS or path.startswith("max_"):
                found += not is_number(value) or not value >= 0 or (value % 1 != 0 and not path.endswith(TIMES))
    return found


def kind(path):
    top = path.partition(".")[0].partition("[")[0]
    if "multiplier" in path or top == "provider_specific_entry":
        return "other"
    if "cost" in path:
        return "pricing"
    if top in LIMITS or top.startswith("max_"):
        return "limit"
    if top.startswith(("supports_", "supported_")):
        return "capability"
    return {"litellm_provider": "provider", "mode": "mode", "deprecation_date": "deprecation"}.get(top, "other")


def plain(price):
    return f"{Decimal(price).normalize():f}" if is_number(price) else price


def changes(old, new):
    lists = {name: [] for name in LISTS}
    kinds, changed = {}, 0
    for model, entry in new.items():
        before = old.get(model)
        if before is None or before == entry:
            continue
        changed += 1
        was, now = dict(leaves(before)), dict(leaves(entry))
        for path in [*now, *(path for path in was if path not in now)]:
            one, two = was.get(path), now.get(path)
            if one == two and path in was and path in now:
                continue
            ratio = None
            if is_number(one) and is_number(two) and one:
                ratio = float(SIX_DIGITS.divide(Decimal(two), Decimal(one)))
            to = kinds.get(path) or kinds.setdefault(path, kind(path))
            if to == "pricing":
                one, two = plain(one), plain(two)
            lists[to].append({"model": model, "field": path, "before": one, "after": two, "ratio": ratio})
    counts = {
        "models_before": len(old),
        "models_after": len(new),
        "new_models": sum(model not in old for model in new),
        "removed_models": sum(model not in new for model in old),
        "changed_models": changed,
        **{f"{name}_changes": len(lists[name]) for name in LISTS},
    }
    return lists, counts


def fold(lists, old):
    """A field that over half of at least 20 models lost is one notice."""
    notices = []
    for name in ("limit", "capability", "deprecation", "other"):
        lost = Counter(change["field"] for change in lists[name] if change["after"] is None)
        for field, models in sorted(lost.items()):
            had = sum(field in entry for entry in old.values()) if models > 10 else 0
            if had >= 20 and models * 2 > had:
                lists[name] = [row for row in lists[name] if row["after"] is not None or row["field"] != field]
                message = f"The field {field} was dropped from {models} models; the map's format changed."
                notices.append(
                    {"rule": "schema.field_dropped", "subject": field, "models": models, "message": message}
                )
    return notices


def document(old_id, old, new_id, new):
    lists, counts = changes(old, new)
    notices = fold(lists, old)
    return {
        "from": old_id,
        "to": new_id,
        "counts": counts,
        "new_models": [model for model in new if model not in old],
        "removed_models": [model for model in old if model not in new],
        **{f"{name}_changes": lists[name] for name in LISTS},
        "notices": notices,
    }


def main():
    (old_id, old, _), (new_id, new, twice) = (load(path) for path in sys.argv[2:4])
    if sys.argv[1] == "diff":
        answer = document(old_id, old, new_id, new)
    else:
        answer = {"revision": new_id, "problems": problems(new) + twice, "counts": changes(old, new)[1]}
    sys.stdout.write(json.dumps(answer, indent=2, default=float, ensure_ascii=False))


main()
