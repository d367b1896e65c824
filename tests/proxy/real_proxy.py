#!/usr/bin/env python3
"""Runs the genuine LiteLLM proxy on loopback, on a port that the system chooses.

Prints one JSON line on stdout when it answers: {"port", "pid", "version", "ready_s", "memory_mb"}; all else goes to
stderr. Lives as long as its stdin is open, so that it ends with whatever started it, however that ends.
A line `age` on stdin makes it believe that its map was loaded, and its schedule last run, an hour earlier.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import socket
import sys
import tempfile
import threading
import time
import urllib.request

STARTED = time.monotonic()
arguments = argparse.ArgumentParser()
arguments.add_argument("--map-url", required=True)
arguments.add_argument("--master-key", required=True)
arguments.add_argument("--no-db", action="store_true")
arguments.add_argument("--poll-seconds", type=int, default=2)
arguments.add_argument("--key-header", help="general_settings.litellm_key_header_name")
arguments.add_argument("--also", action="append", default=[], help="one more deployment, of this model of LiteLLM's")
arguments.add_argument("--upstream", help="where the models of --serve are called")
arguments.add_argument("--serve", action="append", default=[], help="one more deployment there: NAME=MODEL or NAME=MODEL=PRICE")
A = arguments.parse_args()

# What is printed by anything else must not mix with our one line.
answer = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

VERSION = importlib.metadata.version("litellm")
OLD = tuple(int(number) for number in VERSION.split(".")[:2]) < (1, 80)
MAP_SETTING = f"  model_cost_map_url: {A.map_url}\n" if OLD else ""  # these know no environment variable for it
# From 1.110 on spend goes through a ledger of SQL that the driver in memory does not have; before that, and here, through queues.
SPEND = "  use_spend_logs_ledger: false\n" if A.serve else ""
KEY_HEADER = f"  litellm_key_header_name: {A.key_header}\n" if A.key_header else ""
ALSO = "".join(
    f"""  - model_name: "{model.split("/")[-1]}"
    litellm_params: {{model: "{model}", api_key: none, api_base: "http://127.0.0.1:9/v1"}}
"""
    for model in A.also
)


def served(text):
    name, model, *price = text.split("=")
    info = f"\n    model_info: {{input_cost_per_token: {price[0]}, output_cost_per_token: {price[0]}}}" if price else ""
    return f"""  - model_name: "{name}"
    litellm_params: {{model: "{model}", api_key: none, api_base: "{A.upstream}/v1"}}{info}
"""


ALSO += "".join(served(text) for text in A.serve)
CONFIG = f"""
model_list:
  - model_name: gpt-4o
    litellm_params: {{model: openai/gpt-4o, api_key: none, api_base: "http://127.0.0.1:9/v1"}}
  - model_name: claude
    litellm_params: {{model: anthropic/claude-sonnet-4-5, api_key: none, api_base: "http://127.0.0.1:9"}}
  - model_name: my-custom
    litellm_params: {{model: openai/my-finetune, api_key: none, api_base: "http://127.0.0.1:9/v1", input_cost_per_token: 0.000009, output_cost_per_token: 0.000018}}
    model_info: {{mode: chat, max_input_tokens: 1234}}
  - model_name: gpt-4o-mini-override
    litellm_params: {{model: openai/gpt-4o-mini, api_key: none, api_base: "http://127.0.0.1:9/v1"}}
    model_info: {{input_cost_per_token: 0.5, output_cost_per_token: 0.75}}
  - model_name: nobody-prices-it
    litellm_params: {{model: openai/a-model-that-no-map-knows, api_key: none, api_base: "http://127.0.0.1:9/v1"}}
{ALSO}litellm_settings:
  telemetry: false
{MAP_SETTING}general_settings:
{KEY_HEADER}{SPEND}  master_key: {A.master_key}
  proxy_config_reload_interval_seconds: {A.poll_seconds}
"""
folder = tempfile.TemporaryDirectory(prefix="real-proxy-")
config = os.path.join(folder.name, "config.yaml")
with open(config, "w", encoding="utf-8") as file:
    file.write(CONFIG)

os.environ.update(
    {
        "LITELLM_MODEL_COST_MAP_URL": A.map_url,
        "CONFIG_FILE_PATH": config,
        "LITELLM_MASTER_KEY": A.master_key,
        # Nothing is fetched that the test does not serve: it talks to loopback only.
        "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": str("LITELLM_ANTHROPIC_BETA_HEADERS_URL" not in os.environ),
        "LITELLM_LOCAL_BLOG_POSTS": "True",
        "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
        "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
        "LITELLM_TELEMETRY": "False",
        "DISABLE_SCHEMA_UPDATE": "True",
        "HF_HUB_OFFLINE": "1",
        "NO_PROXY": "*",
    }
)
os.environ.pop("DATABASE_URL", None)
if not A.no_db:
    import memory_prisma

    os.environ["DATABASE_URL"] = "postgresql://memory:memory@127.0.0.1:1/memory"
    memory_prisma.install()

import uvicorn  # noqa: E402
from litellm.proxy import proxy_server  # noqa: E402

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", 0))
PORT = listener.getsockname()[1]


def memory_mb():
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return round(int(file.read().split()[1]) * 4096 / 1e6)
    except OSError:
        return None


def make_older():
    hour = datetime.timedelta(hours=1)
    settings = proxy_server.proxy_config
    if hasattr(settings, "model_cost_map_loaded_at"):
        settings.model_cost_map_loaded_at -= hour
    last = getattr(proxy_server, "last_model_cost_map_reload", None)
    if isinstance(last, str):
        proxy_server.last_model_cost_map_reload = (datetime.datetime.fromisoformat(last) - hour).isoformat()


def obey():
    for line in sys.stdin:
        if line.strip() == "age":
            make_older()
    folder.cleanup()
    os._exit(0)


def announce():
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health/liveliness", timeout=2).read()
            break
        except OSError:
            time.sleep(0.05)
    ready = round(time.monotonic() - STARTED, 1)
    facts = {"port": PORT, "pid": os.getpid(), "version": VERSION, "ready_s": ready, "memory_mb": memory_mb()}
    print(json.dumps(facts), file=answer, flush=True)


threading.Thread(target=obey, daemon=True).start()
threading.Thread(target=announce, daemon=True).start()
uvicorn.Server(uvicorn.Config(proxy_server.app, log_level="warning")).run(sockets=[listener])
