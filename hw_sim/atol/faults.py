"""What goes wrong with an ATOL register beyond the common faults, as tables.

`match` on level 3 is the command in hexadecimal ("4A"; "C2", "C3", "C4" of the queue; "F0" for events), in JSON the
task type ("sell").
"""

from __future__ import annotations

from collections.abc import Mapping

from hw_sim.faults import Kind, Place

# Both links: between the command and the FN, between the FN and the paper, hands of others.
REGISTER_KINDS: Mapping[str, Kind] = {
    "paper_out_during": Kind(Place.POINT, "*", "the document is in the FN, then the roll ends"),
    "power_off_during": Kind(
        Place.POINT, "*", "the document is in the FN, then the power goes; `seconds`: it comes back"
    ),
    "error": Kind(
        Place.POINT,
        "*",
        "refused with `code` (byte of level 3) or `driver_code`, in the words `text`; nothing is done",
        {"code": int, "driver_code": int, "text": str},
    ),
    "shift_over_24h": Kind(Place.POINT, "*", "the shift becomes older than a day before the command"),
    "foreign_receipt": Kind(
        Place.POINT, "*", "another program leaves a receipt of `total` tiyn open before the command"
    ),
    "foreign_sale": Kind(Place.POINT, "*", "another program sells for `total` tiyn before the command"),
    "foreign_sale_after": Kind(Place.POINT, "*", "another program sells for `total` tiyn after the command"),
    "counter_jump": Kind(Place.POINT, "*", "the document counter jumps by `by` before the command"),
    "counter_back": Kind(Place.POINT, "*", "from now on the counter shows `by` less than it has"),
    "clock_offset": Kind(Place.POINT, "*", "the clock is `seconds` off from now on"),
}

LEVEL3_KINDS: Mapping[str, Kind] = {
    **REGISTER_KINDS,
    "buffer_full": Kind(Place.POINT, "*", "the task is refused: B1"),
    "illegal_value": Kind(Place.POINT, "*", "the task is refused: B4"),
    "task_forgotten": Kind(
        Place.POINT, "*", "done; then the buffer is empty, as after a power cycle, but the line stands"
    ),
    "hang_up_added": Kind(Place.POINT, "*", "the task is in the buffer, the line is cut, the work goes on"),
    "slow": Kind(Place.POINT, "*", "the work takes `seconds` longer"),
}

JSON_KINDS: Mapping[str, Kind] = {
    **REGISTER_KINDS,
    "mark_check_runs": Kind(
        Place.POINT, "beginMarkingCodeValidation", "401: a check runs already, begun by somebody else"
    ),
    "mark_server_down": Kind(Place.POINT, "beginMarkingCodeValidation", "the check ends with 411 serverNoConnect"),
    "mark_check_broken": Kind(Place.POINT, "beginMarkingCodeValidation", "the check ends with 403 imcCheckBreak"),
    "mark_check_endless": Kind(Place.POINT, "beginMarkingCodeValidation", "the check never gets ready"),
    "mark_check_slow": Kind(Place.POINT, "beginMarkingCodeValidation", "ready only at the poll number `polls`"),
    "mark_flags": Kind(Place.POINT, "beginMarkingCodeValidation", "the check ends with `flags`: bits 0-4, 15 is good"),
    "mark_status_fails": Kind(Place.POINT, "getMarkingCodeValidationStatus", "driverError 410 and no ready"),
    "power_off_midway": Kind(
        Place.POINT, "*", "the receipt is filled and not closed, then the power goes; `seconds`: it comes back"
    ),
    "task_slow": Kind(Place.POINT, "*", "the task takes `seconds` longer"),
}
