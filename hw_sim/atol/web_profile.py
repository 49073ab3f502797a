"""How driver 10 and the web server in front of it behave: what public sources leave open, as options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Api(StrEnum):
    """`/api/v2/requests` since driver 10.7, `/requests` before it."""

    V2 = "v2"
    V1 = "v1"


class Behind(StrEnum):
    """What becomes of the tasks behind a blocked one."""

    WAIT = "wait"
    INTERRUPTED = "interrupted"


class Recovered(StrEnum):
    """What a blocked task gets that proves done: the whole fiscalParams, or the document's number alone."""

    WHOLE = "whole"
    NUMBER = "number"


# Seconds a task takes; the others take `OTHER_S`.
TASK_S: Mapping[str, float] = {
    "openShift": 0.6,
    "closeShift": 2.0,
    "reportX": 1.0,
    "sell": 0.9,
    "sellReturn": 0.9,
    "buy": 0.9,
    "buyReturn": 0.9,
    "cashIn": 0.4,
    "cashOut": 0.4,
    "printLastReceiptCopy": 0.5,
    "beginMarkingCodeValidation": 0.2,
}
OTHER_S = 0.05

# Names of the driver's tax types, in hundredths of a percent inside the price. The last two are a guess for Kazakhstan:
# no public source shows what a Kazakh driver calls its rates.
TAX_TYPES: Mapping[str, int] = {
    "none": 0,
    "vat0": 0,
    "vat10": 1000,
    "vat110": 1000,
    "vat18": 1800,
    "vat118": 1800,
    "vat20": 2000,
    "vat120": 2000,
    "vat12": 1200,
    "vat16": 1600,
}


@dataclass(frozen=True, slots=True)
class WebProfile:
    """Options of the JSON link. Times in seconds.

    Attributes:
        block_on_print_errors: whether a document that is not on paper blocks the queue.
        task_s: how long a task takes, by its type; any other one 0.05.
        tax_types: names of the rates, in hundredths of a percent inside the price.
    """

    api: Api = Api.V2
    users: Mapping[str, str] = field(default_factory=dict)  # Name -> password; with any, Basic authorization.
    device_id: str = "1"  # What `?deviceID=` may say besides nothing and "default".
    late_cancel_status: int = 409  # Of DELETE on a request that has begun; another source has 405.
    behind_blocked: Behind = Behind.WAIT
    recovered_params: Recovered = Recovered.WHOLE
    unknown_tasks: frozenset[str] = frozenset()  # Types this driver does not know, as an older one.
    block_on_print_errors: bool = False
    error_results: bool = False  # A refused mark in a receipt answers with `validateMarks` besides the error.
    kept_s: float = 43_200 * 60  # Finished requests are forgotten after that.
    recover_s: float = 3.0  # Between two attempts to reach a register that blocks the queue.
    task_s: Mapping[str, float] = field(default_factory=lambda: TASK_S)
    tax_types: Mapping[str, int] = field(default_factory=lambda: TAX_TYPES)
    mark_check_s: float = 0.9  # From the begin of a check to its answer.
    mark_wait_s: float = 60.0  # So long a receipt waits for its own check of a mark.
    refused_mark_code: int = 421  # Of a receipt whose mark did not pass; the driver's real code is not published.

    def seconds(self, task: str) -> float:
        """How long a task of this type takes."""
        return self.task_s.get(task, OTHER_S)
