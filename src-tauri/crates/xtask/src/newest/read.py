"""What a LiteLLM release has in its source that this program may have to know, as JSON, from its wheel: read.py WHEEL."""

import json
import re
import sys
import zipfile

wheel = zipfile.ZipFile(sys.argv[1])
sources = [wheel.read(name).decode("utf-8", "replace") for name in wheel.namelist() if name.endswith(".py")]
loader = "\n".join(source for source in sources if "def get_model_cost_map(" in source)
models = json.loads(wheel.read("litellm/model_prices_and_context_window_backup.json"))

route = re.compile(r'@\w+\.(get|post|put|patch|delete)\(\s*"(/[^"]*)"')
about = re.compile(r"cost_map|model_cost|/model/info|/model_group/info|model_hub/info|/health/(?:readiness|liveliness)")
print(
    json.dumps(
        {
            # Endpoints that this program asks, or that are about the cost map.
            "endpoints": sorted(
                {
                    f"{method.upper()} {path}"
                    for source in sources
                    for method, path in route.findall(source)
                    if about.search(path)
                }
            ),
            # Top-level keys of the map that the loader names.
            "reserved keys": sorted(
                set(re.findall(r'\w*_KEY\b[^=\n]*=\s*"(\w+)"', loader)) | {key for key in models if key.startswith("_")}
            ),
            "variables": sorted(set(re.findall(r'"((?:LITELLM|MODEL_COST)\w+)"', loader))),
            # Fields of entries that the loader itself looks at.
            "fields of the loader": sorted(set(re.findall(r'\.(?:get|pop)\(\s*"(\w+)"', loader))),
            "fields of the map": sorted({field for entry in models.values() if isinstance(entry, dict) for field in entry}),
        }
    )
)
