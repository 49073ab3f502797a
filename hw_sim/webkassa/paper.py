"""The lines of a receipt as the service offers them for printing: text, and the QR of TicketUrl."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hw_sim.ledger import FiscalDocument, Operation, cents
from hw_sim.webkassa.answers import stamp, ticket_url
from hw_sim.webkassa.cashbox import Cashbox
from hw_sim.webkassa.profile import Profile
from hw_sim.webkassa.units import unit_name

TEXT, IMAGE, QR = 0, 1, 2
NORMAL, BOLD = 0, 1
WIDTHS: Mapping[int, int] = {0: 42, 3: 36, 12: 80, 13: 110}  # The published sample of kind 3 has 36 columns.
LANGUAGES = ("kk-KZ", "ru-RU", "en-US")

_WORDS: Mapping[str, Mapping[str, str]] = {
    "receipt": {"kk-KZ": "Фискалды чек", "ru-RU": "Фискальный чек", "en-US": "Fiscal receipt"},
    "duplicate": {"kk-KZ": "КӨШІРМЕ", "ru-RU": "ДУБЛИКАТ", "en-US": "DUPLICATE"},
    "xin": {"kk-KZ": "БСН/ЖСН", "ru-RU": "БИН/ИИН", "en-US": "BIN/IIN"},
    "factory": {"kk-KZ": "КЗН", "ru-RU": "ЗНМ", "en-US": "Serial no."},
    "registration": {"kk-KZ": "КТН", "ru-RU": "РНМ", "en-US": "Registration no."},
    "order": {"kk-KZ": "Чектің реттік нөмірі", "ru-RU": "Порядковый номер чека", "en-US": "Receipt no."},
    "time": {"kk-KZ": "Уақыты", "ru-RU": "Время", "en-US": "Time"},
    "total": {"kk-KZ": "БАРЛЫҒЫ", "ru-RU": "ИТОГО", "en-US": "TOTAL"},
    "vat": {"kk-KZ": "соның ішінде ҚҚС", "ru-RU": "в т.ч. НДС", "en-US": "incl. VAT"},
    "sign": {"kk-KZ": "Фискалдық белгі", "ru-RU": "Фискальный признак", "en-US": "Fiscal sign"},
    "autonomous": {"kk-KZ": "Автономды режим", "ru-RU": "Автономный режим", "en-US": "Autonomous mode"},
    "operator": {"kk-KZ": "Фискалдық деректер операторы", "ru-RU": "Оператор фискальных данных", "en-US": "OFD"},
    "site": {
        "kk-KZ": "Чекті тексеру үшін сайтқа кіріңіз",
        "ru-RU": "Для проверки чека зайдите на сайт",
        "en-US": "Check at",
    },
    "sale": {"kk-KZ": "САТУ", "ru-RU": "ПРОДАЖА", "en-US": "SALE"},
    "sale_return": {"kk-KZ": "САТУДЫ ҚАЙТАРУ", "ru-RU": "ВОЗВРАТ ПРОДАЖИ", "en-US": "SALE RETURN"},
    "purchase": {"kk-KZ": "САТЫП АЛУ", "ru-RU": "ПОКУПКА", "en-US": "PURCHASE"},
    "purchase_return": {"kk-KZ": "САТЫП АЛУДЫ ҚАЙТАРУ", "ru-RU": "ВОЗВРАТ ПОКУПКИ", "en-US": "PURCHASE RETURN"},
}


def print_lines(
    document: FiscalDocument,
    cashbox: Cashbox,
    profile: Profile,
    *,
    paper_kind: int,
    languages: tuple[str, ...],
    duplicate: bool = False,
) -> list[dict[str, Any]]:
    """`Lines` of PrintFormat (and TicketPrintFormat of `check`), in the languages asked for."""
    rows: list[tuple[int, str, int]] = []

    def text(line: str, style: int = NORMAL) -> None:
        rows.append((TEXT, line[: WIDTHS[paper_kind]], style))

    def words(key: str) -> str:
        return " / ".join(_WORDS[key][language] for language in languages)

    if profile.logo:
        rows.append((IMAGE, profile.logo, NORMAL))
    text(cashbox.organisation.name, BOLD)
    text(f"{words('xin')} {cashbox.organisation.xin}")
    text(f"{words('factory')} {cashbox.unique_number}")
    text(f"{words('registration')} {cashbox.registration_number}")
    if duplicate:
        text(words("duplicate"), BOLD)
    text(words(Operation(document.operation).value), BOLD)
    text(f"{words('order')} {document.order_number}")
    for row in document.positions:
        text(str(row["PositionName"]))
        unit = unit_name(row["UnitCode"])
        text(f"  {row['Count']} {unit} x {cents(row['Price']):.2f} = {cents(row['Sum']):.2f}")
        for mark in [row["Mark"]] if "Mark" in row else row.get("MarkList", []):
            text(f"  {mark}")
    text(f"{words('total')} {cents(document.total):.2f}", BOLD)
    text(f"{words('vat')} {cents(document.tax):.2f}")
    text(f"{words('sign')} {document.sign}")
    text(f"{words('time')} {stamp(document.at_ns, profile)}")
    if document.offline:
        text(words("autonomous"), BOLD)
    text(f"{words('operator')} {cashbox.ofd.name}")
    text(f"{words('site')} {cashbox.ofd.host}")
    text(words("receipt"), BOLD)
    rows.append((QR, ticket_url(document, profile), NORMAL))
    return [
        {"Order": order, "Type": kind, "Value": value, "Style": style}
        for order, (kind, value, style) in enumerate(rows, start=1)
    ]


def wanted_languages(headers: Mapping[str, str]) -> tuple[str, ...]:
    """The languages of a request; Kazakh and Russian when it names none it should."""
    named = [headers.get("accept-language", ""), headers.get("secondary-language", "")]
    chosen = tuple(dict.fromkeys(name for name in named if name in LANGUAGES))
    return chosen or ("kk-KZ", "ru-RU")
