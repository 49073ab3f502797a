"""What this operator insists on. Every switch is a fact the published sources leave open, or a strictness of ours."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from hw_sim.ofd203.frames import VERSION
from hw_sim.ofd203.results import Result

DAY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Rules:
    """The switches. Numbers are codes of commands and results, seconds or tiyn; 0 seconds: never.

    versions: versions of the protocol it takes.
    missing_code: answer to a ticket without a mandatory parameter: 15 by the text of 2.0.2, 13 by many servers.
    service_required: fields of the service part that every fiscal request must have. The text of 2.0.3 is not public;
        2.0.2 also demands offline_period and get_reg_info.
    identity_checked: registration data of the request must be those of the register.
    percent_scale_checked: a percent below 1000 is not in thousandths.
    marks_match_quantity: a line with marks has as many as units.
    sums_checked, tolerance_tiyn: price x quantity, taxes, total, payments and change must agree, give or take.
    parent_checked: the basis of a return must be found when it names this very register.
    order_checked: a queued document must not be older than the last one taken.
    offline_number_required: a ticket sent after an autonomous time must carry the register's own number.
    offline_number_unique: that number must be new within its date.
    shift_number_checked: a shift number sent must be the one of the open shift.
    catalogue_checked: an unknown barcode is refused with 18.
    reports_compared: totals of a report that differ from the operator's are refused.
    shift_limit_s: age of a shift after which sales are answered with 11.
    clock_tolerance_s: how far the register's clock may be off.
    token_changes: commands whose success brings a new token. INFO and NOMENCLATURE may, SYSTEM, REPORT, AUTH never do.
    token_changes_on_refusal: also when the same commands are refused.
    cancel_code: answer to the cancellation of a ticket, which 2.0.3 no longer has.
    answers_kept_s: how long the last answer is kept for a repeat; 0: until the next request.
    """

    versions: tuple[int, ...] = (VERSION,)
    missing_code: int = Result.BLOCKED
    service_required: tuple[str, ...] = ("reg_info",)
    identity_checked: bool = True
    percent_scale_checked: bool = True
    marks_match_quantity: bool = True
    sums_checked: bool = True
    tolerance_tiyn: int = 0
    parent_checked: bool = True
    order_checked: bool = True
    offline_number_required: bool = True
    offline_number_unique: bool = True
    shift_number_checked: bool = False
    catalogue_checked: bool = False
    reports_compared: bool = False
    shift_limit_s: int = DAY_S
    clock_tolerance_s: int = 0
    token_changes: tuple[int, ...] = (1, 2, 6)
    token_changes_on_refusal: bool = False
    cancel_code: int = Result.CANT_CANCEL_TICKET
    answers_kept_s: int = 0

    def changed(self, name: str, text: str) -> Rules:
        """The rules with one switch set as a person types it: on/off, a number, a list with commas, none.

        Raises:
            ValueError: no such switch, or the text is no value of it.
        """
        known = {field.name for field in fields(self)}
        if name not in known:
            raise ValueError(f"no rule {name!r}; known: {', '.join(sorted(known))}")
        return replace(self, **{name: _typed(getattr(self, name), text)})


def _typed(present: Any, text: str) -> Any:
    if isinstance(present, bool):
        if text not in ("on", "off"):
            raise ValueError("on or off")
        return text == "on"
    if isinstance(present, tuple):
        parts = [] if text == "none" else text.split(",")
        return tuple(int(part) if part.isdigit() else part for part in parts)
    return int(text)
