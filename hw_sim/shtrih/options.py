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
        model: a row of models.toml. ffxx: "none", "marking", "all" instead of the model's own.
        flags: fixed bits of the flags instead of the model's own; bit 4 decides the unit of money.
        first_num: the number of the numbered layer after power-on; the next request to be executed carries one more.
        num_per_connection: that number starts anew with every connection, as captures of newer firmwares suggest.
        print_s, line_s: how long a document and an item take to print.
        work: times every command by this.
        idle_ff: an FF comes before every control byte, as captures of network boards show (standard layer).
        byte_gap_s: between two bytes of an answer.
        fine_quantity: quantities of 80h to 84h are in millionths, not thousandths; what flag bit 15 means in Kazakh
            firmware is not published.
        empty_z: a Z without an open shift makes an empty shift instead of an error.
        close_tells_time: the FF45h answer has date and time at its end.
        bare_shift_answer: the E0h answer has no error byte, as one document prints it.
        auto_shift: the first operation opens the shift; False: E0h or FF0Bh has to.
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
