"""A receipt that never was, for set-up and for pictures: every Kazakh letter, № « », a marked line, a QR. Pure.

It says at both ends that it is a sample, so that nobody takes it for a fiscal one; its numbers are of nobody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from fiscal.money import line_amount_tiyn, totals
from fiscal.register import FiscalDocument, Line, Mark, Operation, Payment, PaymentKind, Receipt

from .compose import KAZAKHSTAN, Composer
from .labels import Language
from .layout import MarkForm, layout_receipt
from .lines import Cut, Paper, PrintLine, Rule
from .text import TENGE

KI = "0104870000000128213aB?7tRqW!x9Z"
MARK = Mark(f"{KI}\x1d91KZF0\x1d92" + "Y2hlY2sgcGFydCBvZiBhIHNhbXBsZSwgbm90IHJlYWw=", KI)
QR = "https://consumer.example/ticket?i=000000000&f=000000000000&s=45955.00&t=20260101T120000"

_LINES = (
    Line(
        "Обувь мужская «Әдемі», № 42", 2599000, 1000, 796, 1600, name_kk="Ерлер аяқ киімі «Әдемі», № 42",
        gtin="04870000000128", ntin="0200000000004", marks=(MARK,),
    ),
    Line(
        "Сыр «Ғажайып» твёрдый, тёртый, фасованный, жирность 45 % — со скидкой", 430000, 350, 166, 1600,
        name_kk="Ірімшік «Ғажайып», қатты, ұнтақталған, өлшеніп оралған", discount_tiyn=4000,
    ),
    Line(
        "Подставка «Жиһаз»", 700000, 2000, 796, 1600, name_kk="ҮЙГЕ АРНАЛҒАН ГАУҺАР ӨҢДІ ҰСТАҒЫШ «Жиһаз»",
    ),
    Line("Подарочная карта, 4 500 тенге", 450000, 1000, 796, None, name_kk="Сыйлық картасы, 4 500 теңге"),
)  # fmt: skip


def receipt() -> Receipt:
    payments = (Payment(PaymentKind.CASH, 2000000), Payment(PaymentKind.CARD, _total_tiyn() - 1800000))
    return Receipt("sample", Operation.SALE, _LINES, payments, cashier="Айгүл Жәнібекқызы Һ.")


def document() -> FiscalDocument:
    return FiscalDocument(
        fiscal_sign="000000000", at="2026-01-01T12:00:00+05:00", number=1, shift=1, offline=False,
        total_tiyn=_total_tiyn(), qr=QR, identity="SWK00000000", registration_number="000000000000",
        taxpayer_name="ЖШС «Үлгі» / ТОО «Образец»", taxpayer_xin="000040000000",
        address="г. Алматы, ул. Сәтбаева, 1", address_kk="Алматы қ., Сәтбаев көш., 1",
        ofd_name="ФДО «Үлгі»", ofd_host="consumer.example",
    )  # fmt: skip


def layout_sample(
    paper: Paper,
    language: Language = Language.KK_RU,
    *,
    mark_form: MarkForm = MarkForm.FULL,
    tenge: str = TENGE,
    zone: dt.tzinfo = KAZAKHSTAN,
) -> tuple[PrintLine, ...]:
    """The sample as lines of paper, with its cut."""
    make = Composer(paper, language, tenge=tenge)
    whole = layout_receipt(receipt(), document(), paper, language, mark_form=mark_form, tenge=tenge, zone=zone)
    return (*_warning(make), Rule("="), *whole[:-1], Rule("="), *_warning(make), Cut())


def _warning(make: Composer) -> Iterator[PrintLine]:
    yield from make.heading("sample")


def _total_tiyn() -> int:
    amounts = (
        (line_amount_tiyn(one.price_tiyn, one.quantity_milli, one.discount_tiyn, 0), one.vat_bp) for one in _LINES
    )
    return totals(amounts).total_tiyn
