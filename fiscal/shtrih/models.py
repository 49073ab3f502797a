"""Models of Shtrih-M registers as tables: which commands make a receipt, what they can be asked. Pure.

    kz-fr     ШТРИХ-ФР-Ф (Казахстан), protocol 1.3: column of the vendor's matrix of commands
    on-line   ШТРИХ-ON-LINE for Kazakhstan, protocol 1.16, and programs that show themselves as one
    fn        fiscal storage, FF46 and FF45 in their present form, marking codes by FF61, FF69, FF67
    fn-old    fiscal storage, FF45 in its first form

What no public document tells of a model is an option of the URL; its default stands here.
Sources: vendor's "Протокол работы ККТ 2.0" rev. 11, appendices 4 and 5 (github shtrih-m/javapos_shtrih, Doc/SHTRIH);
dump of a ШТРИХ-ON-LINE and the note on marking codes in Webkassa's print module, which takes FF67 at protocol 1.16
(github VitalyKravtsov2016/OposWebkassa, doc/Webkassa/2.0.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

AUTO = "auto"  # Not a model: the register is asked.


class Marks(StrEnum):
    """How marking codes leave the till."""

    FIELD = "field"  # FF67, what the traceability system reads.
    TEXT = "text"  # Lines of text on the receipt.
    NONE = "none"


class Opening(StrEnum):
    """The command that opens a shift; NONE: the first document does."""

    E0 = "e0"
    FF0B = "ff0b"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    item: str  # "80" or "FF46".
    close: str  # "85" or "FF45".
    close_old: bool = False  # FF45 in its first form.
    storage: bool = False  # A fiscal storage that can be asked.
    marks: Marks = Marks.NONE
    check: bool = False  # FF61 and FF69 before the receipt.
    opening: Opening = Opening.NONE
    parameters: bool = False  # F7h, since protocol 1.13.
    long_numbers: bool = False  # 0Fh.
    tax_groups: int = 4
    name_max: int = 40  # Bytes of an item's name.
    payments: int = 4


MODELS = {
    model.name: model
    for model in (
        Model("kz-fr", "80", "85"),
        Model("on-line", "80", "85", parameters=True, long_numbers=True, tax_groups=6),
        Model(
            "fn", "FF46", "FF45", storage=True, marks=Marks.FIELD, check=True, opening=Opening.E0, parameters=True,
            long_numbers=True, tax_groups=6, name_max=128, payments=16,
        ),
        Model(
            "fn-old", "80", "FF45", close_old=True, storage=True, opening=Opening.E0, parameters=True,
            long_numbers=True, payments=16,
        ),
    )
}  # fmt: skip
