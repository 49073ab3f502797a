"""What a simulated ATOL register is and how it behaves: models by table, open points of the sources as options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hw_sim.atol.packets import LAST_ID, CrcOver


@dataclass(frozen=True, slots=True)
class Model:
    """A family of firmware. `item_commands`: the commands that register an item; anything else is refused with 7Ah."""

    name: str
    ffd: str
    item_commands: frozenset[int]
    number: int = 0x4C  # Model byte of 3Fh and A5h.
    title: str = "ATOL 30F"


MODELS: Mapping[str, Model] = {
    "ffd105": Model("ffd105", "1.05", frozenset({0xEA, 0xEB})),
    "ffd10": Model("ffd10", "1.0", frozenset({0xE6})),
}

# Commands that print or write to the FN and so take time: the answer comes as an event (F0).
WORK_S: Mapping[int, float] = {
    0x9A: 0.6,  # Open the shift.
    0x4A: 0.8,  # Close the receipt.
    0x59: 0.3,  # Cancel it.
    0x49: 0.4,  # Cash in.
    0x4F: 0.4,  # Cash out.
    0x67: 1.0,  # X report.
    0x95: 0.5,  # Copy.
    0x55: 0.3,  # Finish a print.
}

# Rates of the tax codes of the command layer, in hundredths of a percent, inside the price. Russian firmware: 20 %,
# 10 %, 20/120, 10/110, 0 %, without tax; what a Kazakh firmware has there is not published.
TAX_RATES: Mapping[int, int] = {1: 2000, 2: 1000, 3: 2000, 4: 1000, 5: 0, 6: 0}


@dataclass(frozen=True, slots=True)
class Profile:
    """Options of both links. Times in seconds.

    Attributes:
        fn_serial: number of the fiscal storage.
        fns_url: site of the tax body, as it is told.
        utc_offset_h: zone of its clock.
        shift_limit_s: age of a shift above which nothing is sold.
        receipt_survives_power: whether an open receipt is still there after a power cut.
        tax_rates: by tax code, in hundredths of a percent inside the price.
        access_password: of every command.
        mode_passwords: by mode: 1 registration, 2 X reports, 3 Z-reports, 4 to 7 set-up and service.
    """

    model: Model = MODELS["ffd105"]
    fn_serial: str = "9999078900012345"
    fns_url: str = "kgd.gov.kz"
    utc_offset_h: int = 5
    shift_limit_s: float = 24 * 3600
    auto_open_shift: bool = True  # A receipt or a cash move opens a closed shift by itself: one more document.
    registration_in_documents: bool = True  # Tag 1037 stands in every one (format of fiscal data); False: it does not.
    prints_on_its_own: bool = True  # An interrupted print is finished as soon as paper and power are there.
    receipt_survives_power: bool = True
    tax_rates: Mapping[int, int] = field(default_factory=lambda: TAX_RATES)

    # Level 3
    access_password: int = 0
    mode_passwords: Mapping[int, frozenset[int]] = field(
        default_factory=lambda: {
            1: frozenset({1, 29, 30}),
            2: frozenset({29, 30}),
            3: frozenset({29, 30}),
            **{mode: frozenset({30}) for mode in (4, 5, 6, 7)},
        }
    )
    crc_over: CrcOver = CrcOver.STUFFED
    asks_again: bool = False  # An empty packet after a wrong CRC (atol4j), instead of silence.
    network: bool = True  # A new connection never gets the answers of an old one; False: a cable, which does.
    buffer_tasks: int = 16  # Unfinished tasks it takes; then B1.
    kept_results: int = 222  # Finished tasks it remembers; the oldest go first.
    lasting_stop: bool = True  # A failed task stops those added later too, until it is acknowledged.
    work_s: Mapping[int, float] = field(default_factory=lambda: WORK_S)  # Absent or 0: the answer comes at once.
    z_print_s: float = 3.0  # From the answer to 5Ah to the end of the report on paper.
    document_block_bytes: int = 64  # Of A4 46.
    do_not_print_flag: int = 0x04  # Of 92h (Zzzzipper/projects); atol4j has 02h.
    last_task: int = LAST_ID  # Highest task number; atol4j has DFh.
    shift_registers: bool = True  # 91h tells sums and counts of the shift; otherwise 6Ch.
    lacks: frozenset[int] = frozenset()  # Commands the model does not know: 80h on many (atol4j).
