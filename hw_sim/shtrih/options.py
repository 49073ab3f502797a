"""What can be chosen when a simulated Shtrih-M register is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hw_sim.device.memory import Identity

KAZAKHSTAN_S = 5 * 3600  # One time zone since March 2024.


class LayerName(StrEnum):
    """How frames are made."""

    STANDARD = "standard"
    NUMBERED = "numbered"
    AUTO = "auto"  # By the first byte of the host, as after a service run.


class OnPowerLoss(StrEnum):
    """What becomes of an open receipt when the power goes. Documents do not say; firmwares differ."""

    CANCELS = "cancels"
    KEEPS = "keeps"
    LOSES_LAST = "loses_last"  # It stays open without its last item.


@dataclass(frozen=True, slots=True)
class Options:
    """Money in the register's unit, times in seconds.

    Attributes:
        model: which register it is.
        layer: how frames are made; auto: by the first byte of the host, as after a service run.
        ffxx: how much of the FFxx set it has, instead of the model's own.
        flags: fixed bits of the flags instead of the model's own; bit 4 decides the unit of money.
        power_loss: what becomes of an open receipt when the power goes; loses_last: it stays, without its last item.
        auto_shift: the first operation opens the shift; off: E0h or FF0Bh has to.
        empty_z: a Z without an open shift makes an empty shift instead of an error.
        fine_quantity: quantities of 80h to 84h are in millionths, not thousandths; what flag bit 15 means in Kazakh
            firmware is not published.
        close_tells_time: the FF45h answer has date and time at its end.
        bare_shift_answer: the E0h answer has no error byte, as one document prints it.
        first_num: the number of the numbered layer after power-on; the next request to be executed carries one more.
        num_per_connection: that number starts anew with every connection, as captures of newer firmwares suggest.
        byte_timeout_s: silence inside a frame after which it is forgotten.
        idle_ff: an FF comes before every control byte, as captures of network boards show (standard layer).
        byte_gap_s: between two bytes of an answer.
        print_s: how long a document takes to print.
        line_s: how long an item takes to print.
        work: times every command by this.
        zone_s: its time zone, in seconds east of UTC.
        clock_offset_s: how far its clock is ahead.
        storage_serial: number of the fiscal storage.
        last_fd: number of the registration report, the first document of the storage.
        document_number: number of the last document before.
        receipt_numbers: receipts before: sales, purchases, returns of sales, returns of purchases.
        shift_number: number of the first shift.
        cash: in the drawer at the start.
        tax_rates: of the tax groups from 1 on, in hundredths of a percent.
        items_max: operations of one receipt.
        server_wait_s: how long FF61h waits for a server that does not answer.
        standalone: no server is asked about marking codes.
    """

    model: str = "kz-fr"
    layer: LayerName = LayerName.STANDARD
    ffxx: str | None = None
    flags: int | None = None
    power_loss: OnPowerLoss = OnPowerLoss.CANCELS
    auto_shift: bool = True
    empty_z: bool = False
    fine_quantity: bool = False
    close_tells_time: bool = True
    bare_shift_answer: bool = False
    first_num: int = 1
    num_per_connection: bool = False
    byte_timeout_s: float = 0.1
    idle_ff: bool = False
    byte_gap_s: float = 0.0
    print_s: float = 1.5
    line_s: float = 0.0
    work: float = 1.0
    zone_s: int = KAZAKHSTAN_S
    clock_offset_s: float = 0.0
    identity: Identity = field(default_factory=Identity)
    storage_serial: str = "9999078900000001"
    last_fd: int = 1
    document_number: int = 0
    receipt_numbers: tuple[int, int, int, int] = (0, 0, 0, 0)
    shift_number: int = 1
    cash: int = 0
    tax_rates: tuple[int, ...] = (1600, 1000, 500, 0, 0, 0)
    items_max: int = 500
    server_wait_s: float = 5.0
    standalone: bool = False
