"""Goods, units and shops of the made-up chain. Item numbers and serials are random; nothing here exists."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass, field

SERIALS = string.ascii_letters + string.digits
TILLS_OF_SHOP = 5
EPOCH_LETTERS = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class Good:
    name: str
    name_kk: str
    gtin: str  # 14 digits.
    price_tiyn: int
    group: str  # "": sold without a mark.
    template: str


@dataclass(eq=False, slots=True)
class Unit:
    """One pack with a code of its own, and what the registry does with it beside what sales tell it."""

    good: Good
    ki: str
    full: str
    withdrawn_at: int = 0  # Before any sale of ours; UTC seconds.
    written_off_at: int = 0
    expires_at: int = 0
    unknown: bool = False  # Not in the registry at all.
    stuck_until: int = 0  # No sale withdraws it before.
    kept_until: int = 0  # No return brings it back before.


@dataclass(frozen=True, slots=True)
class Shop:
    id: str
    name: str
    region: str
    business_place_id: int


@dataclass(eq=False, slots=True)
class Till:
    name: str
    shop: Shop
    register: str  # Factory number.
    rnm: str
    epoch: str
    cashier: str
    operator: int  # Which operator's file tells of it.
    drift_s: dict[int, int] = field(default_factory=dict)  # Day -> the till's clock less the register's.

    @property
    def token(self) -> str:
        """Of a headquarters that lives as long as the demo."""
        return f"demo token of {self.name}"


_SHOPS = (
    ("almaty", "Алматы", ("Абая 52", "Сейфуллина 410", "Достық 89", "Төле би 187", "Райымбек 221", "Жандосов 58")),
    ("astana", "Астана", ("Қабанбай батыр 21", "Мәңгілік Ел 37", "Республика 14", "Тұран 50")),
    ("shymkent", "Шымкент", ("Тәуке хан 43", "Байтұрсынов 18", "Республика 25")),
    ("karagandy", "Қарағанды", ("Бұқар жырау 66", "Гоголь 51", "Ерубаев 50")),
    ("oskemen", "ШҚО", ("Протозанов 83", "Қазақстан 64")),
    ("aktobe", "Ақтөбе", ("Әбілқайыр хан 52", "Тургенев 78")),
)
SHOPS_MAX = sum(len(streets) for *_, streets in _SHOPS)
_CASHIERS = ("Айгерім С.", "Дәулет К.", "Жанар М.", "Нұрлан А.", "Ольга П.", "Сергей В.", "Гүлнар Т.")
_MARKED = (
    ("Сигареты Өркен-{}, пачка", "Сигарет Өркен-{}, қорап", "tobacco_cigarettes", "PACK29", 1_100),
    ("Стики Іле-{}", "Стиктер Іле-{}", "tobacco_other", "PACK29", 1_500),
    ("Вода Тұма-{}, 0,5 л", "Су Тұма-{}, 0,5 л", "water", "SHORT-13", 250),
    ("Масло моторное Жол-{}, 4 л", "Мотор майы Жол-{}, 4 л", "motor_oils", "SHORT-13", 14_000),
)
_UNMARKED = (("Нан, бөлке", "Нан, бөлке", 220), ("Молоко 2,5 %, 1 л", "Сүт 2,5 %, 1 л", 560))


def goods(chance: random.Random) -> tuple[list[Good], list[Good]]:
    """(sold with a mark, sold without)."""
    marked = [
        Good(name.format(n), kk.format(n), _gtin(chance), (tenge + 10 * chance.randrange(60)) * 100, group, template)
        for name, kk, group, template, tenge in _MARKED
        for n in range(1, 9)
    ]
    return marked, [Good(name, kk, _gtin(chance), tenge * 100, "", "") for name, kk, tenge in _UNMARKED]


def unit(chance: random.Random, good: Good) -> Unit:
    """A new code: a tobacco pack of 29 characters, or a short code 01 21 93."""
    if good.template == "PACK29":
        ki = good.gtin + _letters(chance, 7)
        return Unit(good, ki, ki + _letters(chance, 8))
    ki = f"01{good.gtin}21{_letters(chance, 13)}"
    return Unit(good, ki, f"{ki}\x1d93{_letters(chance, 4)}")


def shops(count: int) -> list[Shop]:
    every = [
        Shop(f"{town}-{n:02}", street, region, 1000 + 10 * place + n)
        for place, (town, region, streets) in enumerate(_SHOPS)
        for n, street in enumerate(streets, 1)
    ]
    # Every region is there in a small chain too.
    order = sorted(every, key=lambda shop: (shop.id[-2:], shop.business_place_id))
    return sorted(order[:count], key=lambda shop: shop.business_place_id)


def tills(chance: random.Random, chain: list[Shop], operators: int) -> list[Till]:
    found: list[Till] = []
    for place, shop in enumerate(chain):
        for n in range(1, TILLS_OF_SHOP + 1):
            number = len(found) + 1
            found.append(
                Till(
                    name=f"{shop.id}-t{n}",
                    shop=shop,
                    register=f"SWK{50_000 + number:08}",
                    rnm=f"0101{chance.randrange(10**8):08}",
                    epoch="".join(chance.choice(EPOCH_LETTERS) for _ in range(6)),
                    cashier=chance.choice(_CASHIERS),
                    operator=place % operators,
                )
            )
    return found


def damaged(chance: random.Random, ki: str) -> str:
    """The code as a scanner with a scratch on its window reads it: one character is another."""
    place = len(ki) - 1 - chance.randrange(5)
    other = chance.choice([letter for letter in SERIALS if letter.lower() != ki[place].lower()])
    return ki[:place] + other + ki[place + 1 :]


def _letters(chance: random.Random, count: int) -> str:
    return "".join(chance.choice(SERIALS) for _ in range(count))


def _gtin(chance: random.Random) -> str:
    body = f"0487{chance.randrange(10**9):09}"
    # Weights 3 and 1 from the right: GS1 General Specifications, 7.9.1.
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return body + str(-total % 10)
