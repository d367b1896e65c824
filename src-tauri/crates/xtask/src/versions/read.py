"""What one LiteLLM release can do and what it reads, as JSON, from its wheel: read.py WHEEL READER.

Every ability is a pattern in the release's own source. Each was read in the code of the last release without it and
of the first one with it. When LiteLLM's code moves, a pattern may stop to match: the newest release then lacks the
ability, and `cargo xtask versions` says so and writes nothing. Raise `READER` in versions.rs after a change that changes
what is read.
"""

import json
import re
import sys
import zipfile

wheel = zipfile.ZipFile(sys.argv[1])
sources = [wheel.read(name).decode("utf-8", "replace") for name in wheel.namelist() if name.endswith(".py")]
models = json.loads(wheel.read("litellm/model_prices_and_context_window_backup.json"))
for reserved in ("sample_spec", "fallback_generalizations", "_metadata"):
    models.pop(reserved, None)

# The file that loads the map: litellm_core_utils/get_model_cost_map.py, and before 1.59.12 the package's __init__.py.
loader = "\n".join(source for source in sources if "def get_model_cost_map(" in source)


def endpoint(path):
    """The function that answers `path`, from its decorator to its end; empty where there is none."""
    pattern = r'^@\w+\.\w+\(\s*"' + re.escape(path) + r'".*?^(?:async )?def .*?(?=^(?:@|def |async def |class )|\Z)'
    for source in sources:
        if path in source and (found := re.search(pattern, source, re.DOTALL | re.MULTILINE)):
            return found[0]
    return ""


def anywhere(pattern):
    return any(re.search(pattern, source) for source in sources)


reload = endpoint("/reload/model_cost_map")
live_map = endpoint("/public/litellm_model_cost_map")
abilities = {
    # `_expand_model_aliases` takes the lists out of the entries and adds an entry for each name.
    "alias_lists": '"aliases"' in loader,
    # It also serves a row with `alias_of` as the row that this names.
    "alias_rows": '"alias_of"' in loader,
    # `validate_model_cost_map` wants 50 models and half of the bundled ones; the two limits came together.
    "validates": "MODEL_COST_MAP_MAX_SHRINK_RATIO" in loader,
    # A reload fills the sets of known models anew with `value.get(…)` of each entry, which an entry that is no object
    # lacks. Without an argument the same function ran only once, at the start.
    "reads_entries": anywhere(r"add_known_models\(\s*model_cost_map="),
    "generalizations": ".pop(FALLBACK_GENERALIZATIONS_KEY" in loader,
    "catalog_only": "catalog_only" in live_map,
    "source_endpoint": endpoint("/model/cost_map/source") != "",
    # What /model/cost_map/source and a reload answer is put together in the loader.
    "revisions": '"source_revision"' in loader,
    "public_live_map": live_map != "",
    "reload": reload != "",
    "url_variable": anywhere(r'"LITELLM_MODEL_COST_MAP_URL"'),
    "s3_source": '.scheme == "s3"' in loader,
    # `is_offline_mode` reads LITELLM_OFFLINE_MODE, and the loader asks it before it fetches.
    "offline_mode": "is_offline_mode()" in loader,
    "keeps_map_on_failure": "status_code=502" in reload,
}
price = re.compile(r"[a-z0-9_]*(?:cost|multiplier)[a-z0-9_]*")
summary = {
    "reader": int(sys.argv[2]),
    "abilities": abilities,
    "models": len(models),
    "fields": sorted({field for entry in models.values() if isinstance(entry, dict) for field in entry}),
    # All words of the code that may be a price's name. Which of them are fields, the maps of all releases say together.
    "names": sorted({name for source in sources for name in price.findall(source)}),
}
print(json.dumps(summary))
