"""The pages of ``docs/`` that are drawn from the code: protocol, states, settings."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

import msgspec
from msgspec import inspect as kinds

from chat import states as chat_states
from chat.realtime import protocol
from chat.words import REFUSALS
from config.closing import closing_table
from moderation import states as moderation_states
from triage import states as triage_states

DRAWN = "<!-- Drawn from the code by `make fix`; change it there. -->"

SETTINGS: dict[str, str] = {
    "LANTERN_VAR": "Folder for what the process keeps: the SQLite file, collected static files.",
    "LANTERN_PRODUCTION": "`yes` in production: cookies and transport for HTTPS only, and the "
    "start is refused while anything below is unsafe.",
    "LANTERN_DEVELOPMENT": "`yes` where nobody but you can reach it: a host name of your own then "
    "does not ask for a key of your own and Redis. Tests and benches say it.",
    "DEBUG": "`yes` shows errors with their code on the page. Refused in production.",
    "SECRET_KEY": "Signs sessions and tickets, keys the lookup of recovery phrases. 50 characters "
    "or more in production. Changing it signs everybody out, and loses every recovery phrase "
    "and the words still unsent on phones.",
    "ALLOWED_HOSTS": "Host names we answer to, separated by commas. No wildcard in production.",
    "ALLOWED_ORIGINS": "Full origins (`https://host`, in small letters, nothing after it but a "
    "port of your own) that may open a socket or post a form, separated by commas. Empty outside "
    "production: the page's own host.",
    "TRUSTED_PROXIES": "How many proxies of yours each request comes through, `1` with "
    "`deploy/nginx.conf`, `0` for none. The phone's address is taken from `X-Forwarded-For`, "
    "counted from its end. Must be said in production.",
    "DATA_KEYS": "Keys for words at rest, `id:key` separated by commas, the newest first; each key "
    "is 32 bytes in URL-safe base64. Older ones only open what they sealed. Must be said in "
    "production. Unset elsewhere, one is made of SECRET_KEY: changing that then loses every word "
    "that is stored.",
    "DATABASE_URL": "`postgresql://user:password@host:port/name`. Empty: SQLite in LANTERN_VAR. "
    "A pooler in between must keep prepared statements, as PgBouncer 1.21 does; for an older one "
    "add `?prepare_threshold=1000000`. A host that vanishes is given up within half a "
    "minute; `connect_timeout`, `keepalives_idle` and libpq's others in the URL change that.",
    "DATABASE_POOLER": "`yes` where a pooler stands between us and PostgreSQL that refuses the "
    "parameter `options`, as PgBouncer does. By it each connection asks PostgreSQL to part within "
    "15 seconds with a process that froze in a transaction, and to refuse after 20 whoever waits "
    "for a lock; `?options=-c%20lock_timeout%3D60s` in DATABASE_URL changes one of them. Behind a "
    "pooler give them to the role: `ALTER ROLE … SET idle_in_transaction_session_timeout = '15s'`, "
    "and `lock_timeout = '20s'`. A migration that cannot have a table in that time changes "
    "nothing; run it again.",
    "REDIS_URL": "`redis://host:port/0`, or `rediss://` or `unix://`: the doorbell between "
    "processes, and the rate limits. Empty: one process only. Alert when "
    "`lantern_doorbell_missed_total` at `/metrics` grows: changes then reach people by the "
    "sweeps, seconds late.",
    "SOCKET_FRAMES": "Frames a phone may send in ten seconds; all pages of one person in a process "
    "together may send twice as many. Asking for help is not counted.",
    "SOCKETS_PER_PERSON": "Sockets one person may have open in one process.",
    "SOCKETS_PER_ADDRESS": "Sockets one address (of IPv6: one /64) may have open in one process.",
    "SOCKETS_PER_PROCESS": "Sockets one process takes before it sends people elsewhere. Each is an "
    "open file: the process raises its own limit as far as the system lets it and warns where that "
    "is too little; under systemd set `LimitNOFILE` to this and 256 more. The proxy needs two "
    "connections for each, one on either side: in nginx `worker_connections` (512 unless set, for "
    "each of its processes) and `worker_rlimit_nofile`.",
    "PAGES_AT_ONCE": "Requests that one process works on at once, each with a connection to the "
    "database; sockets share eight more. 500 others wait in line (`lantern_requests_in_line` at "
    "`/metrics`), and past that people are told to come again. Asking for help never waits.",
    "DETOXIFY_MODEL": "`bundled`, or `original`, `unbiased` or `multilingual` as "
    "`manage.py convert_checkpoint` put them under LANTERN_VAR, or a checkpoint folder's path. "
    "A published model reads for toxicity; for crisis the bundled one goes on reading.",
    "DETOXIFY_SHA256": "The digest that `convert_checkpoint` printed: another folder is refused.",
    "SHADOW_CHECKPOINT": "A checkpoint to try in the shadow of the live one, as DETOXIFY_MODEL. It "
    "reads a small sample a second time and affects nobody.",
    "SHADOW_SHA256": "The digest that SHADOW_CHECKPOINT must have.",
    "SHADOW_POLICY": "A policy to try in the shadow: a module with `decide` and `POLICY_VERSION`.",
    "PREPARED_DIR": "Folder for the fast form of the classifier, made once per checkpoint. It must "
    "be writable the first time.",
    "SCREENING_BATCH": "Messages that one turn of the reader takes at most: 64, or fewer.",
    "SECURITY_CONTACT": "Whom to tell of a weakness, the preferred first: `mailto:`, `https://` or "
    "`tel:+` addresses, separated by commas, for `/.well-known/security.txt`. Empty: that page is "
    "not found.",
    "QUICK_EXIT_URL": "Where Leave takes a young person: a dull page that says nothing of them.",
    "LOG_LEVEL": "Level of our own log lines: `DEBUG`, `INFO`, `WARNING`, `ERROR`.",
}
"""What each name means to an operator. One that is read but missing here fails `make check`."""

COMPUTED: dict[str, str] = {
    "LANTERN_VAR": "`var`",
    "SECRET_KEY": "one for development",
    "TRUSTED_PROXIES": "`0`",
    "DATABASE_URL": "SQLite",
    "PREPARED_DIR": "`prepared` in LANTERN_VAR",
}
"""Defaults that the code works out."""


def settings_page() -> str:
    """Every setting of the environment, with its default as the code has it."""
    read = settings_read()
    if set(read) != set(SETTINGS):
        odd = sorted(set(read) ^ set(SETTINGS))
        raise ValueError(f"config/docs.py and config/settings.py disagree about: {', '.join(odd)}")
    rows = "\n".join(f"| `{name}` | {read[name]} | {words} |" for name, words in SETTINGS.items())
    return f"""{DRAWN}

# Settings

Everything is set by the environment; a value that cannot be read stops the start and says why.
Set but empty counts as unset.

| name | default | what it does |
|--|--|--|
{rows}
"""


def settings_read() -> dict[str, str]:
    """The names that ``config/settings.py`` reads by ``env``, with their defaults as written."""
    source = Path(__file__).with_name("settings.py").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "env":
            found[ast.literal_eval(node.args[0])] = _default_of(node)
    return found


def _default_of(call: ast.Call) -> str:
    given = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "default")]
    if not given:
        return "empty"
    try:
        value = ast.literal_eval(given[0])
    except ValueError:
        return COMPUTED[ast.literal_eval(call.args[0])]
    if isinstance(value, bool):
        return "`yes`" if value else "`no`"
    return f"`{value}`"


def states_page() -> str:
    """Every state and the moves between them, as drawings."""
    parts = [DRAWN, "", "# States", "", "No other move exists; asking for one is refused.", ""]
    for module in (chat_states, moderation_states, triage_states):
        for name, table in vars(module).items():
            if name.endswith("_MOVES"):
                parts += _drawing(module.__name__, name, table)
    return "\n".join(parts)


def _drawing(module: str, name: str, table: Mapping[StrEnum, frozenset[StrEnum]]) -> list[str]:
    order = list(type(next(iter(table))))
    arrows = [f"    [*] --> {order[0].value}"]
    for old in order:
        news = sorted(table.get(old, frozenset()), key=order.index)
        arrows += [f"    {old.value} --> {new.value}" for new in news]
        if not news:
            arrows.append(f"    {old.value} --> [*]")
    title = name.removesuffix("_MOVES").capitalize()
    return [
        f"## {title} (`{module}.{name}`)",
        "",
        "```mermaid",
        "stateDiagram-v2",
        *arrows,
        "```",
        "",
    ]


def protocol_page() -> str:
    """Every frame, field, shape and refusal."""
    client, server = get_args(protocol.AnyClientFrame), get_args(protocol.AnyServerFrame)
    shapes = _shapes([*client, *server])
    codes = "\n".join(f"| `{code}` | {words} |" for code, words in sorted(REFUSALS.items()))
    return f"""{DRAWN}

# Protocol

JSON text frames over one WebSocket at `/socket`, told apart by `type`. Unknown types and unknown
fields are refused with an `error` frame and the socket lives. A frame has at most
{protocol.MAX_FRAME_BYTES} bytes.

The first frame is `session.resume` with the ticket from the page. A conversation is followed from
the head the phone has; what comes is either `conversation.snapshot` (replace the screen) or
`conversation.advanced` (apply events with a higher `seq` than the phone's head, in order). A phone
whose head is below `after` has a gap, and follows again before it shows the frame.

A snapshot with `earlier` is a page. A change to a message that stands before it (its `position` is
lower than every one on the page) is not shown: it comes with the page it stands on. Shown in front,
it would hide that those between are missing, and the next page would be asked for from there.

A try that is not through after ten seconds is given up. After three failed tries in a row the
phone asks over HTTPS, and goes on trying. A phone that wakes or finds a network does not wait out a
delay, except after 4429.

## When the socket closes

| code | why | what a client does |
|--|--|--|
{closing_table()}

## From the phone

{_frames(client)}

## From the server

{_frames(server)}

## Shapes

{_frames(shapes)}

## Refusals

`code` is stable; programs may rely on it. The words are for people, and may change.

| code | words |
|--|--|
{codes}
"""


def _frames(types: Any) -> str:
    return "\n\n".join(_frame(one) for one in types)


def _frame(frame: type[msgspec.Struct]) -> str:
    tag = frame.__struct_config__.tag
    lines = [f"### `{tag or frame.__name__}`", "", _first_paragraph(frame)]
    fields = msgspec.structs.fields(frame)
    if fields:
        lines += ["", "| field | type | |", "|--|--|--|"]
        for one in fields:
            needed = "required" if one.required else f"absent means {_absent(one)}"
            lines.append(f"| `{one.encode_name}` | {_kind(kinds.type_info(one.type))} | {needed} |")
    return "\n".join(lines)


def _absent(field: msgspec.structs.FieldInfo) -> str:
    """What a field means that was left out, because it has its default."""
    if field.default is msgspec.NODEFAULT:
        return "none"  # A list, made anew each time.
    if field.default is None:
        return "nothing known"
    return "empty" if field.default == "" else f"`{str(field.default).lower()}`"


def _first_paragraph(frame: type) -> str:
    text = inspect.getdoc(frame) or ""
    return re.sub(r"\s*\n\s*", " ", text).replace("``", "`")


def _kind(info: Any) -> str:
    match info:
        case kinds.UnionType(types=types):
            return " or ".join(_kind(one) for one in types)
        case kinds.ListType(item_type=item, max_length=most):
            return f"list of {_kind(item)}{f', at most {most}' if most else ''}"
        case kinds.DictType(value_type=value):
            return f"object of {_kind(value)}"
        case kinds.StructType(cls=cls):
            return f"[`{cls.__name__}`](#{cls.__name__.lower()})"
        case kinds.IntType(ge=least):
            return f"integer from {least}" if least is not None else "integer"
        case kinds.StrType(max_length=most):
            return f"text, at most {most}" if most else "text"
        case kinds.UUIDType():
            return "UUID"
        case kinds.BoolType():
            return "true or false"
        case kinds.NoneType():
            return "null"
        case _:
            raise TypeError(f"docs cannot name {info}")


def _shapes(frames: list[type[msgspec.Struct]]) -> list[type[msgspec.Struct]]:
    """The structs that frames are made of, in the order of their first use."""
    found: dict[type[msgspec.Struct], None] = {}

    def look(info: Any) -> Iterator[type[msgspec.Struct]]:
        match info:
            case kinds.UnionType(types=types):
                for one in types:
                    yield from look(one)
            case kinds.ListType(item_type=inner) | kinds.DictType(value_type=inner):
                yield from look(inner)
            case kinds.StructType(cls=cls):
                yield cls

    waiting = list(frames)
    while waiting:
        for one in msgspec.structs.fields(waiting.pop(0)):
            for cls in look(kinds.type_info(one.type)):
                if cls not in found and cls not in frames:
                    found[cls] = None
                    waiting.append(cls)
    return list(found)


PAGES: dict[str, Callable[[], str]] = {
    "protocol.md": protocol_page,
    "states.md": states_page,
    "settings.md": settings_page,
}
"""What ``write_docs`` writes into ``docs/``."""
