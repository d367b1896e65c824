"""The `prisma` database driver, with its tables in memory.

LiteLLM's query engine is a binary that cannot be fetched from a package index. Only this driver is replaced:
LiteLLM's own PrismaClient, authentication, fetch, checks, swap, schedule and background jobs run unchanged.
"""

import importlib.machinery
import json
import re
import sys
import types

TABLES = {}
COLUMN_DEFAULTS = {"litellm_config": {"param_value": None, "last_run_at": None, "reload_revision": 0}}


class Row:
    """A row as LiteLLM reads it: a column that was never written is NULL."""

    def __init__(self, columns):
        self.__dict__.update(columns)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return None

    def model_dump(self, **_):
        return dict(self.__dict__)

    dict = model_dump

    def json(self, **_):
        return json.dumps(self.__dict__, default=str)


def decoded(value):
    """A Json column that was written as text reads back as what it says."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


class Table:
    def __init__(self, name):
        self.name = name
        self.rows = TABLES.setdefault(name, [])

    def matching(self, where):
        where = dict(where or {})
        # A unique constraint of several columns is asked for by its own name: {"a_b": {"a": 1, "b": 2}}.
        for name, columns in list(where.items()):
            if isinstance(columns, dict) and len(columns) > 1 and all(column in name for column in columns):
                where.update(where.pop(name))
        plain = {k: v for k, v in where.items() if not isinstance(v, (dict, list))}
        return [row for row in self.rows if all(row.get(k) == v for k, v in plain.items())]

    def change(self, row, data):
        for column, value in data.items():
            if isinstance(value, dict) and set(value) == {"increment"}:
                row[column] = (row.get(column) or 0) + value["increment"]
            else:
                row[column] = decoded(value)

    def insert(self, data):
        row = dict(COLUMN_DEFAULTS.get(self.name, {}))
        self.change(row, data)
        self.rows.append(row)
        return row

    async def find_unique(self, where=None, **_):
        found = self.matching(where)
        return Row(found[0]) if found else None

    find_first = find_unique

    async def find_many(self, where=None, **_):
        return [Row(row) for row in self.matching(where)]

    async def create(self, data=None, **_):
        return Row(self.insert(data or {}))

    async def create_many(self, data=None, **_):
        for row in data or []:
            self.insert(row)
        return len(data or [])

    async def upsert(self, where=None, data=None, **_):
        found = self.matching(where)
        if not found:
            return Row(self.insert(data["create"]))
        self.change(found[0], data["update"])
        return Row(found[0])

    async def update(self, where=None, data=None, **_):
        found = self.matching(where)
        if not found:
            return None
        self.change(found[0], data or {})
        return Row(found[0])

    async def update_many(self, where=None, data=None, **_):
        found = self.matching(where)
        for row in found:
            self.change(row, data or {})
        return len(found)

    async def delete(self, where=None, **_):
        found = self.matching(where)
        if not found:
            return None
        self.rows.remove(found[0])
        return Row(found[0])

    async def delete_many(self, where=None, **_):
        found = self.matching(where)
        for row in found:
            self.rows.remove(row)
        return len(found)

    async def count(self, where=None, **_):
        return len(self.matching(where))

    async def group_by(self, *_, **__):
        return []


class Batch:
    """What is written in a batch is written at once, and awaited by nobody."""

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return False

    async def commit(self):
        pass

    def execute_raw(self, sql="", *values, **__):
        if 'INSERT INTO "LiteLLM_Daily' in sql:
            upserted(sql, values)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return AtOnce(Table(name))


class AtOnce:
    def __init__(self, table):
        self.table = table

    def __getattr__(self, method):
        def run(*args, **named):
            try:
                getattr(self.table, method)(*args, **named).send(None)
            except StopIteration as done:
                return done.value

        return run


# How LiteLLM names the levels that its daily sums are rolled up to: bits of the columns that are not told apart.
LEVELS = {127: (), 63: ("date",), 47: ("date", "model"), 55: ("date", "model_group"), 59: ("date", "custom_llm_provider")}


def rolled_up(sql, first, last):
    """`GROUP BY GROUPING SETS` over a daily table, which LiteLLM sums its spend up with; without the sums by key."""
    rows = Table(re.search(r'FROM "(LiteLLM_Daily\w+)"', sql)[1].lower()).rows
    rows = [row for row in rows if first <= row["date"] <= last]
    sums = set(re.findall(r"SUM\((\w+)\)", sql))
    named = ("date", "api_key", "model", "model_group", "custom_llm_provider", "mcp_namespaced_tool_name", "endpoint")
    found = []
    for level, columns in LEVELS.items():
        groups = {}
        for row in rows:
            groups.setdefault(tuple(row.get(column) or "" for column in columns), []).append(row)
        for key, members in groups.items():
            told = {**dict.fromkeys(named), **dict(zip(columns, key)), "group_level": level, "distinct_api_keys": None}
            told.update({column: sum(row.get(column) or 0 for row in members) for column in sums})
            found.append(told)
    return found


def upserted(sql, values):
    """`INSERT … ON CONFLICT … DO UPDATE SET "a" = "table"."a" + EXCLUDED."a"`, for several rows at once."""
    table, columns = re.search(r'INSERT INTO "(\w+)" \(([^)]*)\)', sql).groups()
    columns = [name for name in re.findall(r'"(\w+)"', columns) if name != "updated_at"]
    key = re.findall(r'"(\w+)"', re.search(r"ON CONFLICT \(([^)]*)\)", sql)[1])
    added = set(re.findall(r'EXCLUDED\."(\w+)"', sql))
    rows = Table(table.lower())
    for start in range(0, len(values), len(columns)):
        row = dict(zip(columns, values[start : start + len(columns)]))
        found = rows.matching({column: row[column] for column in key})
        if found:
            rows.change(found[0], {column: {"increment": row[column]} for column in added if row[column] is not None})
        else:
            rows.insert(row)


class Transaction:
    def __init__(self, client):
        self.client = client

    async def __aenter__(self):
        return self.client

    async def __aexit__(self, *_):
        return False

    async def commit(self):
        pass


class NullRow(dict):
    def __missing__(self, _):
        return None


class Prisma:
    def __init__(self, *_, **__):
        self.up = False

    def is_connected(self):
        return self.up

    async def connect(self, *_, **__):
        self.up = True

    async def disconnect(self, *_, **__):
        self.up = False

    async def query_raw(self, sql="", *args, **named):
        sql = sql or named.get("query", "")
        if "reltuples" in sql:
            return [{"reltuples": 0}]
        if "view_count" in sql:
            return [{"view_count": 8, "view_names": []}]
        if "oldest_pending_seconds" in sql:
            return [{"pending_count": 0, "parked_count": 0, "oldest_pending_seconds": 0}]
        if "batch_count" in sql:
            return [{"batch_count": 0, "table_bytes": 0}]
        if "GROUPING SETS" in sql:
            return rolled_up(sql, *args[:2])
        return [{"?column?": 1}] if sql.strip().upper().startswith("SELECT 1") else []

    async def query_first(self, sql="", *args, **named):
        """The joined view of a key and its team, which authentication reads for keys made by /key/generate."""
        sql = sql or named.get("query", "")
        if 'FROM "LiteLLM_VerificationToken" AS v' not in sql:
            return None
        token = args[0] if args else (re.search(r"v\.token = '([0-9a-f]+)'", sql) or [None, None])[1]
        found = Table("litellm_verificationtoken").matching({"token": token})
        if not found:
            return None
        joined = {column: None for column in re.findall(r" [Aa][Ss] (\w+)", sql)}
        return NullRow({**found[0], **joined})

    async def execute_raw(self, sql="", *values, **__):
        if 'INSERT INTO "LiteLLM_Daily' in sql:
            upserted(sql, values)
        return 0

    def batch_(self):
        return Batch()

    def tx(self, *_, **__):
        return Transaction(self)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return Table(name)


class AnyModule(types.ModuleType):
    """A `prisma.*` module whose every name is an empty class: they serve as types and in `except` only."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        base = Exception if self.__name__.endswith("errors") or name.endswith("Error") else object
        made = type(name, (base,), {})
        setattr(self, name, made)
        return made


def install():
    """Makes `import prisma` find this driver."""
    below = ("errors", "models", "types", "client", "fields", "engine", "engine.errors", "utils", "actions", "enums", "bases")
    for name in ("prisma", *(f"prisma.{part}" for part in below)):
        module = AnyModule(name)
        module.__path__ = []
        module.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
        sys.modules[name] = module
        if "." in name:
            parent, child = name.rsplit(".", 1)
            setattr(sys.modules[parent], child, module)
    for module in ("prisma", "prisma.client"):
        sys.modules[module].Prisma = Prisma
    for module in ("prisma", "prisma.fields"):
        sys.modules[module].Json = lambda value: value
