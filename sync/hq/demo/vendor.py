"""The vendor of one till's register, simulated: what it keeps of the cashbox is fetched over HTTP, as for real.

The only module of headquarters that starts a simulator. The service holds the receipts of the made-up chain as if the
till had made them there, so its history is a witness of its own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

from hw_sim.http import serve
from hw_sim.ledger import FiscalDocument
from hw_sim.ledger import Operation as SimOperation
from hw_sim.ofd import Ofd
from hw_sim.webkassa import Cashbox, User, Webkassa
from sync.hq.demo.goods import Till
from sync.hq.demo.numbering import FIRST_SHIFT, Registry
from sync.hq.demo.story import CLOSES, OPENS, Document, Story
from sync.hq.demo.timeline import DAYS, MINUTE
from sync.hq.imports.webkassa_link import Access, WebkassaLink
from sync.hq.witness import Operation

NS = 1_000_000_000
LOGIN = ("headquarters", "headquarters-password")
API_KEY = "sim-api-key"
OPERATIONS = {Operation.SALE: SimOperation.SALE, Operation.RETURN: SimOperation.SALE_RETURN}


@contextmanager
def vendor(story: Story, registry: Registry, now: Callable[[], int]) -> Iterator[WebkassaLink]:
    """The service with the receipts of the till that it looks after, and headquarters' line to it."""
    rng = random.Random(1)  # noqa: S311 -- a demonstration must be repeatable.
    box = _cashbox(story, registry)
    service = Webkassa(now, rng, Ofd(now, rng), [box], [User(*LOGIN)])
    with serve(service) as serving:
        access = Access(serving.url, *LOGIN, API_KEY, pause_s=0.0)
        # Virtual time: nothing here waits, and no deadline passes while the clock stands.
        link = WebkassaLink(access, monotonic=lambda: now() / NS, sleep=lambda _seconds: None)
        try:
            yield link
        finally:
            link.close()


def _cashbox(story: Story, registry: Registry) -> Cashbox:
    till = story.of_vendor
    box = Cashbox(till.register, till.rnm, first_shift=FIRST_SHIFT)
    documents = [one for one in story.of(till) if one.told is not None]
    for day in range(DAYS):
        shift = box.open_shift(story.timeline.moment(day, OPENS - 10 * MINUTE) * NS)
        for one in documents:
            if one.day == day:
                box.register(shift, _document(one, registry, till, len(box.documents) + 1), Decimal(0))
        shift.closed_ns = story.timeline.moment(day, CLOSES + 30 * MINUTE) * NS
    return box


def _document(one: Document, registry: Registry, till: Till, number: int) -> FiscalDocument:
    lines = one.told or []
    marks = [registry.units[line.mark].full if line.mark in registry.units else line.mark for line in lines]
    positions = tuple(
        {
            "PositionName": line.gtin,
            "Count": 1,
            "Price": line.sum_tiyn / 100,
            "Sum": line.sum_tiyn / 100,
            "GTIN": line.gtin,
            "TaxPercent": 16,
            **({"Mark": mark} if mark else {}),
        }
        for line, mark in zip(lines, marks, strict=True)
    )
    return FiscalDocument(
        operation=OPERATIONS[one.operation],
        cashbox=till.register,
        registration_number=till.rnm,
        shift=one.shift,
        order_number=one.number,
        document_number=number,
        sign=one.sign,
        offline=one.offline,
        at_ns=one.at * NS,
        external_number=f"{till.name}-{number}",
        total=Decimal(sum(line.sum_tiyn for line in lines)) / 100,
        marks=tuple(mark for mark in marks if mark),
        positions=positions,
        employee=till.cashier,
    )
