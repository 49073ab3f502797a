"""What a shop may decide at the till: every setting, its default, and where the default comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marking.verdict import Decision

# Words of a policy value. "warn" sells and shows the reason; "ignore" is as if the rule were not there.
ACTIONS: dict[str, Decision | None] = {
    "refuse": Decision.REFUSE,
    "block": Decision.REFUSE,
    "ask": Decision.ASK,
    "warn": Decision.ALLOW,
    "allow": Decision.ALLOW,
    "ignore": None,
}


class OnlineCheck(StrEnum):
    STALE = "stale"  # When the cache is silent, old, or would refuse.
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Setting:
    key: str
    kind: str  # "action" | "number" | "online" | "texts" | "text"
    default: Any
    why: str  # What it decides and where the default comes from.
    choices: tuple[str, ...] = ()  # Of an action.
    per_group: bool = True


_FULL = ("refuse", "block", "ask", "warn", "allow", "ignore")
_FIRM = ("refuse", "block", "ask", "warn", "allow")  # "ignore" would leave the rule table without an answer.
_STATUS = "default of the status table, IS MPT API v1.0"

SETTINGS: tuple[Setting, ...] = (
    Setting("jurisdiction", "text", "kz", "which rule table judges: data/rules_<jurisdiction>.toml", per_group=False),
    Setting("own_tins", "texts", (), "IIN/BIN of the shop; empty = owner is not compared", per_group=False),
    Setting(
        "codes.test_patterns",
        "texts",
        (),
        "test codes seen on shelves: 'gtin:PREFIX', 'key:PREFIX' (AI 91) or 'ki:PREFIX'; none are published",
        per_group=False,
    ),
    Setting(
        "sale.aggregate_policy",
        "action",
        "refuse",
        "block or box scanned at retail; Order 44-н/қ p. 42: one code per unit sold",
        ("refuse", "block", "ask"),
    ),
    Setting(
        "sale.expiry_policy", "action", "refuse", "expired goods; no KZ rule at the till, Russian systems refuse", _FULL
    ),
    Setting(
        "sale.require_owner_match",
        "action",
        "warn",
        "registry names another owner, or shipment not accepted; Order 44-н/қ p. 41 forbids, practice differs",
        _FULL,
    ),
    Setting(
        "sale.bare_ki_policy",
        "action",
        "ask",
        "code typed without its check part, off the human-readable text; our choice: a senior confirms",
        _FULL,
    ),
    Setting(
        "sale.template_policy",
        "action",
        "warn",
        "layout other than the catalogue and the group name; KZ layouts are unpublished, so it never stops a sale",
        _FULL,
    ),
    Setting(
        "return.resell_policy",
        "action",
        "refuse",
        "unit taken back, re-introduction not confirmed; Order 44-н/қ p. 45-48, switch for shops that resell at once",
        _FIRM,
    ),
    Setting(
        "offline.sale_policy",
        "action",
        "ask",
        "neither cache nor registry knows the code, or the cache is too old; law silent, our choice: a senior decides",
        _FIRM,
    ),
    Setting(
        "offline.max_age_h",
        "number",
        72,
        "how long a cached status is trusted without a link; as a KKM's autonomous limit",
    ),
    Setting(
        "cache.max_age_h",
        "number",
        24,
        "after this the registry is asked again if it can be; exports of own codes are nightly",
    ),
    Setting(
        "cache.not_found_max_age_s",
        "number",
        60,
        "how long 'not in the registry' is believed; client practice with IS MPT",
    ),
    Setting("online.check", "online", OnlineCheck.STALE, "when the registry is asked: stale, always, never"),
    Setting("status.ISSUED", "action", "refuse", f"not applied; {_STATUS}", _FIRM),
    Setting(
        "status.APPLIED", "action", "refuse", f"not introduced; {_STATUS}; the Uzbek twin's script lets it pass", _FIRM
    ),
    Setting("status.WITHDRAWN", "action", "refuse", f"sold or withdrawn; {_STATUS}", _FIRM),
    Setting("status.WRITTEN_OFF", "action", "refuse", _STATUS, _FIRM),
    Setting("status.DISAGGREGATED", "action", "refuse", f"code of an opened box; {_STATUS}", _FIRM),
    Setting("status.NOT_FOUND", "action", "refuse", f"registry answered and does not have it; {_STATUS}", _FIRM),
    Setting(
        "status.UNKNOWN",
        "action",
        "ask",
        "a word the registry never used before; refuse or warn, our choice: a senior decides",
        _FIRM,
    ),
    Setting("extended.CONNECTED", "action", "ignore", "not explained in IS MPT API v1.0", _FULL),
    Setting("extended.CUSTOMS_ISSUED", "action", "refuse", "import not finished (inferred from the name)", _FULL),
    Setting("extended.CUSTOMS_CONTROL", "action", "refuse", "import not finished (inferred from the name)", _FULL),
    Setting("extended.CUSTOMS_ACCEPTED", "action", "ignore", "import finished (inferred from the name)", _FULL),
    Setting("extended.INSERT_INTO_ACC", "action", "warn", "unit sold out of an open box (inferred)", _FULL),
    Setting("extended.AC_AGGREGATED", "action", "warn", "unit sold out of an open box (inferred)", _FULL),
    Setting("extended.AC_DISAGGREGATED", "action", "ignore", "aggregate opened (inferred)", _FULL),
    Setting("extended.OTHER", "action", "warn", "an extended status never seen before; our choice", _FULL),
)
BY_KEY = {setting.key: setting for setting in SETTINGS}
PER_GROUP = {setting.key for setting in SETTINGS if setting.per_group}
ACTION_KEYS = frozenset(setting.key for setting in SETTINGS if setting.kind == "action")
