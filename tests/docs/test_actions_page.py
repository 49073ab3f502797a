"""docs/headquarters.md against documents and webhooks: states, events, limits, and the lines that check a signature."""

from __future__ import annotations

import re
import time
import tomllib
from pathlib import Path
from typing import Any

from sync.hq.actions.filing import LOOKS_S, SLOW_S, Pace
from sync.hq.actions.states import CodeState, DocumentState
from sync.hq.exports.signature import AGE_S_MAX, signature
from sync.hq.exports.webhook_events import NAMES
from sync.hq.exports.webhooks import DeliveryPace

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "headquarters.md").read_text(encoding="utf-8")
SIGNED = tomllib.loads((ROOT / "tests" / "vectors" / "webhook.toml").read_text("utf-8"))["signed"]


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_state_of_a_document_and_of_a_code_is_told() -> None:
    told = set(re.findall(r"^\| `([A-Z_]+)` \|", section("Documents to the registry"), re.MULTILINE))
    assert told == set(DocumentState)
    assert all(f"`{state}`" in section("Documents to the registry") for state in CodeState)


def test_the_times_of_filing_are_the_true_ones() -> None:
    first = ", ".join(map(str, LOOKS_S))
    assert f"asked after {first} s, then every {SLOW_S // 60} min" in PAGE
    assert f"at least {Pace().absent_s / 60:.0f} minutes after the last attempt" in PAGE
    assert (Pace().absences, Pace().skew_s) == (2, 3600)


def test_every_event_is_told_and_the_limits_are_the_true_ones() -> None:
    text = section("Webhooks")
    assert all(f"`{name}`" in text for name in NAMES)
    pace = DeliveryPace()
    assert (pace.base_s, pace.cap_s, pace.give_up_s, AGE_S_MAX) == (5, 3600, 72 * 3600, 300)
    assert f"given up after {pace.refused_max} attempts" in text


def test_the_lines_of_the_page_check_a_signature() -> None:
    (code,) = re.findall(r"^```py\n(.*?)^```", section("Webhooks"), re.MULTILINE | re.DOTALL)
    space: dict[str, Any] = {}
    exec(compile(code, "headquarters.md", "exec"), space)  # noqa: S102 - the lines of our own page
    secret, body, now_s = SIGNED["secret"].encode(), SIGNED["body"].encode(), int(time.time())
    headers = {"X-Hq-Time": str(now_s), "X-Hq-Signature": signature(secret, now_s, body)}
    assert space["genuine"](secret, headers, body)
    assert not space["genuine"](secret, headers, body + b" ")
    assert not space["genuine"](b"other", headers, body)
    old = {"X-Hq-Time": str(SIGNED["time_s"] - 10**9), "X-Hq-Signature": SIGNED["signature"]}
    assert not space["genuine"](secret, old, body)
