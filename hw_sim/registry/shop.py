"""A made-up shop from a seed: goods with Kazakh GTINs, and marking codes with a planned fate each.

Nothing here exists: item numbers and serials are random. Group names follow the list of marked goods of Order 330-НҚ of
22.11.2025, the mix of fates is what a till should meet in a day: nearly everything sells, a few units must not.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from hw_sim.exchange import NS
from hw_sim.registry.gs1 import BUILDERS, Symbol, gtin13

DEFAULT_AT_NS = 1_795_410_000 * NS  # 23.11.2026 05:00 UTC, a Monday morning in Almaty.
OWN_TIN, FOREIGN_TIN = "000000000000", "111111111111"
PRODUCT_COLUMNS = (
    "gtin",
    "ntin",
    "name_ru",
    "name_kk",
    "unit_code",
    "vat_class",
    "group",
    "price_tenge",
    "templates",
)
CODE_COLUMNS = ("ki", "status", "extended", "package_type", "gtin", "expires_on", "owner_tin", "at")


class Fate(StrEnum):
    """What the till should find out about a unit."""

    SELLABLE = "sellable"
    SOLD_BEFORE = "sold-before"
    NOT_INTRODUCED = "not-introduced"
    NOT_APPLIED = "not-applied"
    WRITTEN_OFF = "written-off"
    IN_SHIPMENT = "in-shipment"
    EXPIRED = "expired"
    FOREIGN_OWNER = "foreign-owner"
    UNKNOWN = "unknown"  # In no registry and in no cache.
    AGGREGATE = "aggregate"  # A block: in circulation, but not a unit of retail sale.


# Status, extended status and weight per thousand for each fate.
_FATES: Mapping[Fate, tuple[str, str, int]] = {
    Fate.SELLABLE: ("INTRODUCED", "", 930),
    Fate.SOLD_BEFORE: ("WITHDRAWN", "", 20),
    Fate.NOT_INTRODUCED: ("APPLIED", "", 10),
    Fate.NOT_APPLIED: ("RECEIVED", "", 4),
    Fate.WRITTEN_OFF: ("WRITTEN_OFF", "", 4),
    Fate.IN_SHIPMENT: ("INTRODUCED", "WAIT_SHIPMENT", 6),
    Fate.EXPIRED: ("INTRODUCED", "", 8),
    Fate.FOREIGN_OWNER: ("INTRODUCED", "", 8),
    Fate.UNKNOWN: ("", "", 10),
}


@dataclass(frozen=True, slots=True)
class Product:
    """One line of goods. `gtin` has 14 digits, `vat_class` is the rate in percent or "none", price in tenge."""

    gtin: str
    ntin: str
    name_ru: str
    name_kk: str
    unit_code: int
    vat_class: str
    group: str
    price: Decimal
    template: str

    @property
    def marked(self) -> bool:
        return bool(self.template)


@dataclass(frozen=True, slots=True)
class Mark:
    """One unit on the shelf: what the scanner will read, and what the registry says about it."""

    text: str
    ki: str
    product: Product
    fate: Fate
    status: str
    extended: str
    package_type: str
    owner_tin: str
    made_on: date
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class Shop:
    """Goods and codes of one shop at one moment."""

    products: Sequence[Product]
    codes: Sequence[Mark]
    at_ns: int

    def product_rows(self) -> list[dict[str, str]]:
        """The catalogue as CSV rows, in the order of PRODUCT_COLUMNS."""
        return [
            {
                "gtin": item.gtin,
                "ntin": item.ntin,
                "name_ru": item.name_ru,
                "name_kk": item.name_kk,
                "unit_code": str(item.unit_code),
                "vat_class": item.vat_class,
                "group": item.group,
                "price_tenge": f"{item.price:.2f}",
                "templates": item.template,
            }
            for item in self.products
        ]

    def code_rows(self) -> list[dict[str, str]]:
        """The codes the registry knows as CSV rows, in the order of CODE_COLUMNS; units nobody knows are left out."""
        at = datetime.fromtimestamp(self.at_ns // NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return [
            {
                "ki": mark.ki,
                "status": mark.status,
                "extended": mark.extended,
                "package_type": mark.package_type,
                "gtin": mark.product.gtin,
                "expires_on": mark.expires_on.isoformat() if mark.expires_on else "",
                "owner_tin": mark.owner_tin,
                "at": at,
            }
            for mark in self.codes
            if mark.fate is not Fate.UNKNOWN
        ]


def as_csv(rows: Iterable[Mapping[str, str]], columns: Sequence[str]) -> str:
    """Rows as a CSV text with a header line."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of goods to invent products of."""

    ru: str
    kk: str
    group: str
    template: str
    vat_class: str
    unit_code: int
    price: tuple[int, int]
    life_days: int  # 0: does not expire.
    share: int  # Weight among the codes.


_KINDS = (
    _Kind("Сигареты {}, пачка", "Сигарет {}, қорап", "tobacco_cigarettes", "PACK29", "16", 796, (900, 1600), 0, 40),
    _Kind("Сигареты {}, блок", "Сигарет {}, блок", "tobacco_cigarettes", "BLOCK", "16", 796, (9000, 16000), 0, 1),
    _Kind("Стики {}", "Стиктер {}", "tobacco_other", "PACK29", "16", 796, (1000, 1700), 0, 8),
    _Kind("Пиво {} 0,5 л", "Сыра {} 0,5 л", "beer", "SHORT-7", "16", 868, (450, 1200), 180, 20),
    _Kind("Пиво безалкогольное {}", "Алкогольсіз сыра {}", "beer", "SHORT-13", "16", 868, (500, 900), 180, 6),
    _Kind("Таблетки {} № 20", "{} таблеткасы № 20", "medicines", "FULL44", "5", 778, (300, 9000), 730, 12),
    _Kind("Масло моторное {} 4 л", "{} мотор майы 4 л", "motor_oils", "FULL44", "16", 796, (9000, 38000), 0, 5),
    _Kind("Ботинки {}", "{} бәтеңкесі", "shoes", "FULL44", "16", 715, (9900, 64900), 0, 8),
)
_UNMARKED = (
    _Kind("Хлеб {}", "{} наны", "", "", "16", 796, (150, 400), 0, 0),
    _Kind("Журнал «{}»", "«{}» журналы", "", "", "10", 796, (500, 1500), 0, 0),
    _Kind("Яблоки {}, кг", "{} алмасы, кг", "", "", "none", 166, (400, 1500), 0, 0),
)
_NAMES = ("Алатау", "Тұлпар", "Сұңқар", "Көкше", "Ұлытау", "Жетісу", "Іле", "Арман", "Әсем", "Өркен", "Қайнар", "Шығыс")
_PRODUCTS_PER_KIND = 6


def make_shop(rng: random.Random, codes: int = 10_000, at_ns: int = DEFAULT_AT_NS, owner_tin: str = OWN_TIN) -> Shop:
    """Invent a shop: the same seed gives the same shop.

    Args:
        rng: source of chance.
        codes: number of units with a marking code.
        at_ns: the moment of the snapshot, UTC nanoseconds; expiry dates lie around it.
        owner_tin: BIN of the shop; units of a foreign owner carry another.
    """
    numbers = iter(rng.sample(range(10_000_000), 1000))
    by_kind = {kind: [_product(rng, kind, next(numbers), n) for n in range(_PRODUCTS_PER_KIND)] for kind in _KINDS}
    plain = [_product(rng, kind, next(numbers), n) for kind in _UNMARKED for n in range(2)]
    today = datetime.fromtimestamp(at_ns // NS, UTC).date()
    chosen = rng.choices(_KINDS, [kind.share for kind in _KINDS], k=codes)
    fates = rng.choices(list(_FATES), [weight for _, _, weight in _FATES.values()], k=codes)
    units: dict[str, Mark] = {}
    for kind, fate in zip(chosen, fates, strict=True):
        product = rng.choice(by_kind[kind])
        symbol = BUILDERS[product.template](rng, product.gtin)
        while symbol.ki in units:
            symbol = BUILDERS[product.template](rng, product.gtin)
        units[symbol.ki] = _unit(rng, kind, product, symbol, fate, today, owner_tin)
    products = [product for group in by_kind.values() for product in group] + plain
    return Shop(tuple(products), tuple(units.values()), at_ns)


def _product(rng: random.Random, kind: _Kind, number: int, place: int) -> Product:
    name = f"{rng.choice(_NAMES)}-{place + 1}"
    low, high = kind.price
    return Product(
        gtin="0" + gtin13(number),
        ntin=f"0200{number:09d}",
        name_ru=kind.ru.format(name),
        name_kk=kind.kk.format(name),
        unit_code=kind.unit_code,
        vat_class=kind.vat_class,
        group=kind.group,
        price=Decimal(rng.randrange(low, high + 1, 10)),
        template=kind.template,
    )


def _unit(
    rng: random.Random, kind: _Kind, product: Product, symbol: Symbol, fate: Fate, today: date, owner_tin: str
) -> Mark:
    if fate is Fate.SELLABLE and kind.template == "BLOCK":
        fate = Fate.AGGREGATE
    status, extended, _ = _FATES[Fate.SELLABLE if fate is Fate.AGGREGATE else fate]
    made_on, expires_on = _dates(rng, kind, fate, today)
    return Mark(
        text=symbol.text,
        ki=symbol.ki,
        product=product,
        fate=fate,
        status=status,
        extended=extended,
        package_type="GROUP" if kind.template == "BLOCK" else "UNIT",
        owner_tin=FOREIGN_TIN if fate is Fate.FOREIGN_OWNER else owner_tin,
        made_on=made_on,
        expires_on=expires_on,
    )


def _dates(rng: random.Random, kind: _Kind, fate: Fate, today: date) -> tuple[date, date | None]:
    if fate is Fate.EXPIRED:
        # Any kind may carry a date; the till must look at the date, not at the kind.
        life = kind.life_days or 365
        expires = today - timedelta(days=rng.randrange(2, 60))
        return expires - timedelta(days=life), expires
    made = today - timedelta(days=rng.randrange(10, 60))
    return made, made + timedelta(days=kind.life_days) if kind.life_days else None
