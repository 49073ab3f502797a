"""What a till says of itself every minute: JSON, both ways. Pure; the till and headquarters share this one definition.

    {"protocol": 1, "till": "T1", "run": "5f0c...", "count": 12, "at_ns": ..., "version": "0.1.0", "epoch": "k3x9aw",
     "head": 1834, "head_hash": "...", "shift": 118, "shift_opened_ns": ..., "register": {"reachable": true, ...},
     "unsent": 0, "oldest_age_s": null, "set_aside": 0, "cache_age_s": 3600, "delivery": "ok",
     "problems": [{"kind": "undecided", "text": "..."}]}

`run` names one start of the agent and `count` counts within it: whoever repeats a heartbeat says nothing new, and two
machines under one name are seen. Only the newest counts; one that is lost is not sent again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

PROTOCOL = 1
BYTES_MAX = 64 * 1024
TEXT_LENGTH_MAX = 300
PROBLEMS_MAX = 50
FACTS_MAX = 50
INTEGER_MAX = 2**63 - 1

_HASH = re.compile(r"[0-9a-f]{64}")


class HeartbeatInvalid(ValueError):
    """Not a heartbeat; the text names the field."""


@dataclass(frozen=True, slots=True)
class Trouble:
    kind: str  # A stable word: undecided, journal, register, scanner, printer, set-aside.
    text: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    till: str
    run: str
    count: int  # From 1.
    at_ns: int  # The till's clock, UTC nanoseconds.
    version: str
    epoch: str
    head: int  # Last row of the journal, and its hash.
    head_hash: bytes
    shift: int | None = None  # The open one; 0: open, its number not known.
    shift_opened_ns: int | None = None
    register: Mapping[str, Any] | None = None  # Facts of the last look, None: nobody has looked.
    unsent: int = 0
    oldest_age_s: int | None = None  # Of the rows that wait.
    set_aside: int = 0
    cache_age_s: int | None = None  # Since a status last came; None: there is none.
    delivery: str = "ok"  # sync.delivery_state.DeliveryState
    problems: tuple[Trouble, ...] = field(default=())


def encode(heartbeat: Heartbeat) -> bytes:
    content = asdict(heartbeat) | {"protocol": PROTOCOL, "head_hash": heartbeat.head_hash.hex()}
    return json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode()


def decode(data: bytes) -> Heartbeat:
    """Raises HeartbeatInvalid, and nothing else, for any bytes."""
    if len(data) > BYTES_MAX:
        raise HeartbeatInvalid(f"{len(data)} bytes, at most {BYTES_MAX}")
    try:
        content = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise HeartbeatInvalid(f"not JSON: {error}"[:TEXT_LENGTH_MAX]) from error
    if not isinstance(content, dict) or content.get("protocol") != PROTOCOL:
        raise HeartbeatInvalid(f"protocol: this end speaks {PROTOCOL}")
    digest = _text(content, "head_hash")
    if not _HASH.fullmatch(digest):
        raise HeartbeatInvalid("head_hash: 64 lowercase hexadecimal digits are needed")
    return Heartbeat(
        till=_text(content, "till"),
        run=_text(content, "run"),
        count=_integer(content, "count", 1),
        at_ns=_integer(content, "at_ns", 0),
        version=_text(content, "version"),
        epoch=_text(content, "epoch"),
        head=_integer(content, "head", 0),
        head_hash=bytes.fromhex(digest),
        shift=_optional(content, "shift"),
        shift_opened_ns=_optional(content, "shift_opened_ns"),
        register=_facts(content.get("register")),
        unsent=_integer(content, "unsent", 0),
        oldest_age_s=_optional(content, "oldest_age_s"),
        set_aside=_integer(content, "set_aside", 0),
        cache_age_s=_optional(content, "cache_age_s"),
        delivery=_text(content, "delivery"),
        problems=_problems(content.get("problems")),
    )


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= TEXT_LENGTH_MAX or not value.isprintable():
        raise HeartbeatInvalid(f"{name}: one line of 1 to {TEXT_LENGTH_MAX} characters is needed")
    return value


def _integer(content: Mapping[str, Any], name: str, least: int) -> int:
    value = content.get(name)
    if type(value) is not int or not least <= value <= INTEGER_MAX:
        raise HeartbeatInvalid(f"{name}: an integer from {least} to 2^63 - 1 is needed")
    return value


def _optional(content: Mapping[str, Any], name: str) -> int | None:
    return None if content.get(name) is None else _integer(content, name, 0)


def _facts(value: object) -> Mapping[str, Any] | None:
    """Flat enough to be shown; what the register's driver tells is its own business."""
    if value is None:
        return None
    if not isinstance(value, dict) or len(value) > FACTS_MAX:
        raise HeartbeatInvalid(f"register: an object of at most {FACTS_MAX} facts is needed")
    # Half a surrogate pair or NUL has no place in the database's text; as JSON escapes both are plain letters.
    return value


def _problems(value: object) -> tuple[Trouble, ...]:
    if not isinstance(value, list) or len(value) > PROBLEMS_MAX or not all(isinstance(item, dict) for item in value):
        raise HeartbeatInvalid(f"problems: a list of at most {PROBLEMS_MAX} objects is needed")
    return tuple(Trouble(_text(item, "kind"), _text(item, "text")) for item in value)
