"""The fiscal data operator of protocol 2.0.3, simulated: TCP, an 18-byte header and proto2 messages, registers by ID.

Written from the text of 2.0.2 (github texport/FiscalSerializationLib_v2) and the published definitions of 2.0.3 (github
texport/ofd-kt-proto). A server over a connection is a `Machine` like any simulated register: TcpHost or InProcessLine
carries it; power off is a server that is down.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from hw_sim.device.memory import FiscalMemory, Identity
from hw_sim.device.simulated import Simulated
from hw_sim.exchange import Clock
from hw_sim.ofd import Ofd
from hw_sim.ofd203.catalogue import Catalogue, Goods
from hw_sim.ofd203.desk import RECEIPT_PAGE, TICKET_AD_INFO, TICKET_AD_OFD, Clerk, Desk
from hw_sim.ofd203.device import Device, Papers
from hw_sim.ofd203.rules import Rules
from hw_sim.ofd203.server import OfdServer
from hw_sim.ofd203.switches import switches
from hw_sim.reach import Reach

__all__ = ["Catalogue", "Clerk", "Desk", "Device", "Goods", "OfdServer", "Papers", "Rules", "make"]

FAMILY = "ofd203"
CLERKS: Mapping[str, Clerk] = {"kassir": Clerk("kassir", 1, "Айгүл", (1,)), "admin": Clerk("admin", 2, "Ерлан", (2, 3))}
ADS: Mapping[int, tuple[int, str]] = {
    TICKET_AD_OFD: (1, "Чекті тексеру үшін сайтқа кіріңіз / Для проверки чека зайдите на сайт: consumer.test-oofd.kz"),
    TICKET_AD_INFO: (1, "Касса бұғатталған, операторға хабарласыңыз / Касса заблокирована, обратитесь к оператору"),
}


def make(
    now: Clock,
    rng: random.Random,
    *,
    device_id: int = 203001,
    token: int = 0x12345678,
    identity: Identity | None = None,
    papers: Papers | None = None,
    first_shift: int = 1,
    catalogue: Catalogue | None = None,
    clerks: Mapping[str, Clerk] = CLERKS,
    public: Ofd | None = None,
    signs: Callable[[], str] | None = None,
    tokens: Callable[[int], int] | None = None,
    receipt_page: str = RECEIPT_PAGE,
    **rules: Any,
) -> Simulated:
    """An operator with one register.

    Args:
        device_id, token: what the operator gave at registration.
        public: the page behind the QR and the way of the marks to the traceability system; it gives the signs, too.
        signs: source of fiscal signs, ten random digits by default.
        tokens: the token after a token, random by default.
        rules: switches of `Rules` by name.

    Raises:
        TypeError: no such switch.
    """
    memory = FiscalMemory(identity or Identity(), next_shift=first_shift)
    device = Device(device_id, token, memory, papers or Papers())
    desk = Desk(
        now,
        rng,
        Rules(**rules),
        catalogue=catalogue or Catalogue(),
        clerks=clerks,
        ads=dict(ADS),
        public=public,
        signs=signs,
        tokens=tokens,
        receipt_page=receipt_page,
    )
    server = OfdServer(now, rng, desk, [device])
    case = memory.identity
    greeting = (
        f"An operator (OFD) with one register: ID {device_id}, serial {case.serial}, RNM {case.registration_number}.",
        f"Token at the start: {token} ({token:08X}h). It is typed in once; from then on it changes itself.",
        f"Cashiers: {', '.join(f'{login} / {clerk.password}' for login, clerk in clerks.items())}.",
    )
    reach = Reach(
        "ofd",
        {
            "id": str(device_id),
            "serial": case.serial,
            "rnm": case.registration_number,
            "xin": case.taxpayer_xin,
            "qr": receipt_page,
        },
        {"ofd_token": str(token)},
        {"store": "ofd.sqlite"},
        test_only=True,
    )
    return Simulated(FAMILY, server, memory, switches(server, device), greeting, reach, prints=False)
