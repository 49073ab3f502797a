"""Faults on command: a queue of named misbehaviours, each matched to operations, counted, and applied once per count.

The catalogue is a table; a server adds its own kinds to the transport kinds here. A fault acts at one of three places:
BEFORE the request is processed (nothing is registered unless `when` says "after"), on the answer AFTER processing, or
at a POINT inside the server that asks for it by name (how a duplicate is answered, for example).
"""

from __future__ import annotations

import difflib
import json
import random
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from hw_sim.exchange import Cut, SimReply, text_reply

ERROR_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1><p>nginx</p></body></html>"
LARGEST = 1e9


class Place(StrEnum):
    BEFORE = "before"
    AFTER = "after"
    POINT = "point"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a named fault is: where it acts, which operation it meets unless told otherwise, in words.

    `params`, when given, are all the parameters it takes, each with what reads its value (ValueError: no such value);
    else it may be given any, and those of `COMMON_PARAMS` are read as they say.
    """

    place: Place
    match: str
    about: str
    params: Mapping[str, Callable[[Any], object]] | None = None


def finite(value: Any) -> float:
    """A number no clock and no sum breaks at: thirty years of seconds."""
    number = float(value)
    if not abs(number) <= LARGEST:
        raise ValueError(f"a number up to {LARGEST:.0f} is wanted")
    return number


def whole(value: Any) -> int:
    """A whole number of that size."""
    number = int(value)
    finite(number)
    return number


# Parameters that are numbers with every kind that takes them and does not say it otherwise.
COMMON_PARAMS: Mapping[str, Callable[[Any], object]] = {
    "seconds": finite,
    **dict.fromkeys(("bit", "by", "driver_code", "flags", "keep", "polls", "status", "sum_tiyn", "total"), whole),
}

TRANSPORT_KINDS: Mapping[str, Kind] = {
    "answer_lost_before": Kind(Place.BEFORE, "*", "connection reset, the request was never processed"),
    "answer_lost_after": Kind(Place.AFTER, "*", "processed, connection closed without an answer"),
    "answer_lost_after_fiscalising": Kind(Place.AFTER, "*", "the same, by the name of the incident"),
    "connection_cut": Kind(Place.BEFORE, "*", "connection reset; when=after: processed first"),
    "partial_body": Kind(Place.AFTER, "*", "processed, the connection closes in the middle of the body"),
    "truncated_json": Kind(Place.AFTER, "*", "processed, a complete HTTP answer whose JSON stops half-way"),
    "empty_body": Kind(Place.AFTER, "*", "processed, status 200 without a body"),
    "slow": Kind(Place.AFTER, "*", "processed at once, the answer comes `seconds` later"),
    "late_processing": Kind(Place.BEFORE, "*", "processed and answered only after `seconds`"),
    "html_page": Kind(Place.BEFORE, "*", "an HTML page with `status` (200); when=after: processed first"),
    "extra_unknown_fields": Kind(Place.AFTER, "*", "every object of the answer has fields nobody documented"),
    "mixed_case_fields": Kind(Place.AFTER, "*", "field names of the answer in random case"),
    "unsorted": Kind(Place.AFTER, "*", "fields of the answer in random order"),
    **{
        f"http_{status}": Kind(Place.BEFORE, "*", f"HTTP {status} with an HTML page; when=after: processed first")
        for status in (400, 403, 404, 429, 500, 502, 503, 504)
    },
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One order to misbehave: `skip` matching requests pass untouched, the next `count` are hit.

    `match` is an operation name, the end of a path, or "*". `params` belong to the kind (seconds, status, when, ...).
    """

    name: str
    match: str = ""
    count: int = 1
    skip: int = 0
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return float(self.params.get("seconds", 60.0))

    @property
    def after(self) -> bool:
        return bool(self.params.get("when") == "after")


def aimed(kinds: Mapping[str, Kind], match: str) -> dict[str, Kind]:
    """The same kinds, meeting `match` unless the order says otherwise."""
    return {name: replace(kind, match=match) for name, kind in kinds.items()}


class FaultQueue:
    """The faults waiting at one server, in the order they were given."""

    def __init__(
        self, kinds: Mapping[str, Kind], rng: random.Random, transport: Mapping[str, Kind] = TRANSPORT_KINDS
    ) -> None:
        self.kinds = {**transport, **kinds}
        self._rng = rng
        self._waiting: list[Fault] = []

    def add(self, name: str, match: str = "", *, count: int = 1, skip: int = 0, **params: Any) -> None:
        """Queue a fault.

        Raises:
            ValueError: the name is not in the catalogue of this server, count is below 1, or the kind takes no such
                parameter or value.
        """
        kind = self.kinds.get(name)
        if kind is None:
            near = difflib.get_close_matches(name, self.kinds, 1)
            raise ValueError(f"no fault {name!r} here" + (f", did you mean {near[0]!r}?" if near else ""))
        if type(count) is not int or type(skip) is not int or count < 1 or skip < 0:
            raise ValueError(f"fault {name!r}: count is a whole number, at least 1, skip one of at least 0")
        self._waiting.append(Fault(name, match or kind.match, count, skip, _read(name, kind, params)))

    def clear(self, name: str | None = None) -> int:
        """Forget every waiting fault, or those of one name; how many there were."""
        before = len(self._waiting)
        self._waiting[:] = [fault for fault in self._waiting if name is not None and fault.name != name]
        return before - len(self._waiting)

    def waiting(self) -> list[dict[str, Any]]:
        """The faults still to come, as JSON-ready dictionaries."""
        return [asdict(fault) for fault in self._waiting]

    def draw(self, operation: str, path: str) -> list[Fault]:
        """Take every fault that meets this request, except those a server asks for at a point."""
        return self._take(operation, path, [n for n, kind in self.kinds.items() if kind.place is not Place.POINT])

    def draw_point(self, name: str, operation: str, path: str = "") -> Fault | None:
        """Take one fault of a POINT kind, now that the server stands at that point."""
        if not any(fault.name == name for fault in self._waiting):  # Asked at every point of every command.
            return None
        taken = self._take(operation, path, [name])
        return taken[0] if taken else None

    def _take(self, operation: str, path: str, names: Iterable[str]) -> list[Fault]:
        wanted = set(names)
        taken: list[Fault] = []
        left: list[Fault] = []
        for fault in self._waiting:
            met = fault.name in wanted and _meets(fault.match, operation, path)
            # One request uses up one count of one kind: two queued "http_500" hit two requests, not one.
            if not met or any(other.name == fault.name for other in taken):
                left.append(fault)
            elif fault.skip > 0:
                left.append(replace(fault, skip=fault.skip - 1))
            else:
                taken.append(fault)
                if fault.count > 1:
                    left.append(replace(fault, count=fault.count - 1))
        self._waiting = left
        return taken

    def instead(self, faults: Iterable[Fault]) -> SimReply | None:
        """The answer a transport fault gives without processing the request, or None: process it."""
        for fault in faults:
            if not fault.after and (reply := _replacement(fault)) is not None:
                return reply
        return None

    def spoil(self, reply: SimReply, faults: Iterable[Fault]) -> SimReply:
        """Apply the faults that act on a finished answer."""
        for fault in faults:
            if fault.after and (other := _replacement(fault)) is not None:
                reply = other
            elif fault.name == "slow":
                reply = replace(reply, delay_s=reply.delay_s + fault.seconds)
            elif fault.name in ("answer_lost_after", "answer_lost_after_fiscalising"):
                reply = replace(reply, cut=Cut.AFTER)
            elif fault.name == "partial_body":
                reply = replace(reply, cut=Cut.MID_BODY)
            elif fault.name == "truncated_json":
                reply = replace(reply, body=reply.body[: len(reply.body) // 2])
            elif fault.name == "empty_body":
                reply = replace(reply, body=b"")
            elif fault.name in _RESHAPES and reply.body[:1] in (b"{", b"["):
                with suppress(json.JSONDecodeError):  # Cut short by another fault: it stays as it is.
                    content = _reshape(json.loads(reply.body), fault.name, self._rng)
                    reply = replace(reply, body=json.dumps(content, ensure_ascii=False).encode())
        return reply


def _read(name: str, kind: Kind, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameters of an order as the kind reads them; a wrong one is told now, not when the fault strikes."""
    readers = COMMON_PARAMS if kind.params is None else kind.params
    read: dict[str, object] = {}
    for key, value in params.items():
        if kind.params is not None and key not in kind.params:
            raise ValueError(f"fault {name!r} takes no {key!r}; it takes: {', '.join(kind.params) or 'nothing'}")
        try:
            read[key] = readers[key](value) if key in readers else value
        except (TypeError, ValueError) as error:
            raise ValueError(f"fault {name!r}: {key}={value} will not do: {error}") from error
    return read


def _meets(match: str, operation: str, path: str) -> bool:
    return match in ("*", operation) or ("/" in match and path.lower().endswith(match.lower()))


def _replacement(fault: Fault) -> SimReply | None:
    if fault.name in ("answer_lost_before", "connection_cut"):
        return SimReply(cut=Cut.BEFORE)
    if fault.name == "html_page":
        return text_reply(ERROR_PAGE.format("Service"), int(fault.params.get("status", 200)))
    if fault.name.startswith("http_") and fault.name in TRANSPORT_KINDS:
        status = int(fault.name.removeprefix("http_"))
        reply = text_reply(ERROR_PAGE.format(f"{status}"), status)
        wait = fault.params.get("retry_after")
        return reply if wait is None else replace(reply, headers=(*reply.headers, ("Retry-After", str(wait))))
    return None


_RESHAPES = {"extra_unknown_fields", "mixed_case_fields", "unsorted"}


def _reshape(value: Any, how: str, rng: random.Random) -> Any:
    if isinstance(value, list):
        return [_reshape(item, how, rng) for item in value]
    if not isinstance(value, dict):
        return value
    items = [(name, _reshape(item, how, rng)) for name, item in value.items()]
    if how == "extra_unknown_fields":
        items += [("XFutureField", {"Nested": [1, None, "Ұ"]}), ("_trace", None)]
    elif how == "unsorted":
        rng.shuffle(items)
    else:
        items = [("".join(rng.choice((c.lower(), c.upper())) for c in name), item) for name, item in items]
    return dict(items)
