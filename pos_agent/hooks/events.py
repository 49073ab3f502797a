"""Journal rows -> what a webhook is told. Pure.

No check part of a code, no buyer's number, no secret gets into a body: each names its fields one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from marking import reasons
from pos_agent.clock import iso_utc
from pos_agent.config import HookEvent
from pos_agent.journal.text import utf8_of
from sync.wire import Row

Body = Mapping[str, Any]
InDoubt = Callable[[str, int], bool]  # (document key, row): whether it was in doubt before that row, since its intent.

KINDS = frozenset({"document_made", "document_in_doubt", "document_handed_over", "document_absent", "scan_judged"})
OF_DOCUMENT = ("fiscal_sign", "number", "shift", "at", "offline", "total_tiyn", "registration_number", "identity")
OF_SCAN = ("sale", "device", "source", "gtin", "reason", "evidence")


@dataclass(frozen=True, slots=True)
class Told:
    """One event. `id` is the same however often it is sent."""

    row: int
    at_ns: int
    event: HookEvent
    id: str
    body: bytes


def events_of(row: Row, body: Body, epoch: str, in_doubt: InDoubt) -> list[Told]:
    """In the order in which they are told; none for most rows."""
    return [_told(row, epoch, event, data) for event, data in _found(row, body, in_doubt)]


def _told(row: Row, epoch: str, event: HookEvent, data: Body) -> Told:
    name = f"{row.till}-{epoch}-{row.number}-{event}"
    content = {"event": event, "id": name, "at": iso_utc(row.at_ns), "till": row.till, "data": data}
    return Told(row.number, row.at_ns, event, name, utf8_of(content))


def _found(row: Row, body: Body, in_doubt: InDoubt) -> list[tuple[HookEvent, Body]]:
    if row.kind == "scan_judged":
        return [("unit.refused", _refused(body))] if body["decision"] == "refuse" else []
    if body.get("sale") is None:
        return []
    named = {"sale": body["sale"], "document": body["key"], "kind": body["kind"]}
    doubted = in_doubt(body["key"], row.number)
    if row.kind == "document_in_doubt":
        failure = {"cause": body["failure"]["kind"], "code": body["failure"]["code"]}
        return [] if doubted else [("sale.in_doubt", {**named, **failure})]
    if row.kind == "document_handed_over":
        return [("doubt.handed_over", named)]
    settled = {**named, "outcome": "made" if row.kind == "document_made" else "absent", "decided": "decided" in body}
    settling: list[tuple[HookEvent, Body]] = [("doubt.settled", settled)] if doubted else []
    if row.kind == "document_absent":
        return settling
    event: HookEvent = "sale.fiscalised" if body["kind"] == "sale" else "return.fiscalised"
    made = {**named, "recovered": body["recovered"], **{name: body["document"][name] for name in OF_DOCUMENT}}
    return [*settling, (event, made)]


def _refused(body: Body) -> Body:
    """A code without a registry key (an opaque stamp) is not told: its text may hold anything."""
    told = {name: body.get(name) for name in OF_SCAN}
    words = {language: reasons.text(body["reason"], language) for language in reasons.LANGUAGES}
    return {**told, "ki": None if body.get("template") == "OPAQUE" else body.get("ki"), "messages": words}
