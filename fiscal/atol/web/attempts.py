"""The uuids of an order: one after another, made of its key alone, and what the server says of each.

The server takes a uuid once and keeps its results for weeks, so a request that was lost, or comes late, can make no
second document. A uuid whose task ended without one is used up: the next attempt has the next number.

"Carried out" is not always so. A server that lost its register in the middle calls a task ready when the document
number has risen since; a shift that the receipt opened raises it too, and then the last receipt is shown, which is
somebody else's. So what is shown must be of the order's kind and sum, and newer than the baseline.
Source: github ArchDemons/atolwebserver, DriverWorker.java (how a blocked task is decided).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from fiscal.atol.web.answers import Entry, State
from fiscal.atol.web.channel import Channel
from fiscal.device.family import Silence
from fiscal.failures import Failure, FailureKind

ATTEMPTS_MAX = 50  # Of one order: a cashier who tries again and again without paper.
_NAMESPACE = uuid.UUID("6f1d6f0e-5a55-4bb1-8a7c-0c2f7ad0a701")  # Ours; any will do, as long as it stays.


def uuid_of(key: str, attempt: int) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{key}#{attempt}"))


def known(channel: Channel, key: str) -> Iterator[Entry]:
    """The task of every attempt the server knows, the first one first. Silence."""
    for attempt in range(ATTEMPTS_MAX):
        found = channel.results(uuid_of(key, attempt))
        if found is None:
            return
        yield found[0]


def carried_out(channel: Channel, key: str) -> list[Entry]:
    """The tasks of this order that the server says were carried out. Silence when one is still under way."""
    found = []
    for entry in known(channel, key):
        if not entry.state.is_final:
            text = f"the server still works on it: {entry.state}"
            raise Silence(Failure(FailureKind.NO_ANSWER, "running", text), sent=True)
        if entry.state is State.READY:
            found.append(entry)
    return found
