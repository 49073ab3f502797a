"""One till in the answer to `GET /v1/tills`: its rows, its newest heartbeat, its alarms, and what follows from them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sync.hq.dispute import Alarm
from sync.hq.fleet.standing import NS_PER_S, Heard, Thresholds, standing
from sync.hq.held import TillState


def till_out(state: TillState, heard: Heard | None, now_ns: int, thresholds: Thresholds | None) -> dict[str, Any]:
    found = standing(
        now_ns,
        heard,
        rows_heard_ns=state.heard_ns,
        missing=state.missing,
        alarms=state.alarms,
        thresholds=thresholds,
    )
    return {
        "till": state.till,
        "state": str(found.state),
        "reasons": [{"state": str(r.state), "kind": r.kind, "text": r.text} for r in found.reasons],
        "last": state.number,
        "hash": state.hash.hex(),
        "age_s": None if state.heard_ns is None else _age_s(state.heard_ns, now_ns),
        "missing": state.missing,
        "heartbeat": None if heard is None else _heard_out(heard, now_ns),
        "alarms": [_alarm_out(alarm) for alarm in state.alarms if alarm.is_open],
    }


def _heard_out(heard: Heard, now_ns: int) -> dict[str, Any]:
    told = asdict(heard.heartbeat) | {"head_hash": heard.heartbeat.head_hash.hex()}
    del told["till"]
    return {
        "age_s": _age_s(heard.received_ns, now_ns),
        "received_ns": heard.received_ns,
        "clock_offset_s": heard.offset_ns / NS_PER_S,
        **told,
    }


def _alarm_out(alarm: Alarm) -> dict[str, Any]:
    return {
        "number": alarm.number,
        "kind": alarm.kind,
        "received": alarm.received.hex(),
        "stored": alarm.stored.hex(),
        "first_ns": alarm.first_ns,
        "last_ns": alarm.last_ns,
    }


def _age_s(at_ns: int, now_ns: int) -> float:
    return max(0.0, (now_ns - at_ns) / NS_PER_S)
