"""Settings of one Shtrih-M register, from its URL. Pure.

    shtrih+serial:///dev/ttyACM0?model=on-line&baud=115200
    shtrih+tcp://192.168.1.60:7778?model=fn&layer=numbered

What the public documents leave open is an option with the safest default; `OPTIONS` lists them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import SplitResult

from fiscal.device.settings import DEVICE_OPTIONS, DeviceSettings, device_settings
from fiscal.options import Options, RegisterUrlError, refuse_secrets
from fiscal.orders import PaymentKind
from fiscal.shtrih.models import AUTO, MODELS, Marks, Model, Opening
from fiscal.shtrih.text import Kazakh

TCP_PORT = 7778
OPERATOR_MAX = 30  # Factory passwords are the numbers of the operators; 29 administrator, 30 system administrator.
TEXT_MAX = 200
RATES = (1600, 1200, 1000, 500, 0)  # Rates of the last years and of the next, in hundredths of a percent.


class Layer(StrEnum):
    STANDARD = "standard"
    NUMBERED = "numbered"


class MarkPolicy(StrEnum):
    """What a check by the register (FF61) must say of a code."""

    STRICT = "strict"  # Checked, and well in every respect.
    WARN = "warn"  # Whatever it says: it is kept with the document.


class MarkForm(StrEnum):
    FULL = "full"
    KI = "ki"


class BasisForm(StrEnum):
    """How a return names the original receipt."""

    LINES = "lines"  # NUM:[...] and its four sisters as printed lines, which Webkassa's print module reads.
    NONE = "none"  # Not at all: the protocol has no field.


@dataclass(frozen=True, slots=True)
class Settings:
    device: DeviceSettings
    model: str  # Name of a model, or AUTO.
    layer: Layer = Layer.STANDARD
    operator: int = OPERATOR_MAX
    admin: int = OPERATOR_MAX
    password_secret: str | None = None  # Names of secrets; None: the factory password.
    admin_secret: str | None = None
    tax_groups: Mapping[int | None, int] = field(default_factory=lambda: {1600: 1, None: 0})  # VAT rate -> group.
    department: int = 1
    subject: int = 1  # Of settlement: 1 goods.
    tax_system: int = 1
    payment_types: Mapping[PaymentKind, int] = field(
        default_factory=lambda: {PaymentKind.CASH: 1, PaymentKind.CARD: 2, PaymentKind.MOBILE: 3}
    )
    marks: Marks | None = None  # None: as the model does.
    check: bool | None = None
    mark_policy: MarkPolicy = MarkPolicy.STRICT
    mark_form: MarkForm = MarkForm.FULL
    mark_list: bool = False  # Several codes behind one item of FF46; otherwise an item a unit.
    text_max: int = 40
    kazakh: Kazakh = Kazakh.SUBSTITUTE
    decimals: int = 2  # Of money: flag bit 4 of the register must agree.
    quantity_decimals: int = 3  # Of 80h and 82h.
    opening: Opening | None = None
    basis: BasisForm = BasisForm.NONE
    registration_number: str = ""
    drawer: int = 0
    pause_s: float = 3.0  # After FF45, before the next command.
    ack_s: float = 0.5  # For the answer to ENQ, to a frame, to a ping.
    byte_s: float = 0.2  # Between the bytes of a frame.

    @property
    def unit(self) -> int:
        """Tiyn in one unit of the register's money."""
        return 1 if self.decimals == 2 else 100


def _tax_option(rate_bp: int | None) -> str:
    return "tax_none" if rate_bp is None else f"tax_{rate_bp // 100}"


TAX_OPTIONS = tuple(_tax_option(rate) for rate in (*RATES, None))
OPTIONS = (
    *DEVICE_OPTIONS, "model", "layer", "operator", "admin", "password_secret", "admin_secret", *TAX_OPTIONS,
    "department", "subject", "tax_system", "card", "mobile", "marks", "mark_check", "mark_policy", "mark_form",
    "mark_list", "text_max", "kazakh", "decimals", "quantity", "shift_open", "basis", "rnm", "drawer", "pause_s",
    "ack_s", "byte_s",
)  # fmt: skip


def parse(parts: SplitResult) -> Settings:
    """Settings from the parts of a URL. RegisterUrlError names the part that is wrong."""
    refuse_secrets(parts.query, "name it with password_secret or admin_secret")
    o = Options.parse(parts.query, OPTIONS)
    model = o.text("model")
    o.choice("model", (*MODELS, AUTO), model)
    given = o.optional
    settings = Settings(
        device=device_settings(parts, o, tcp_port=TCP_PORT),
        model=model,
        layer=Layer(o.choice("layer", Layer, Layer.STANDARD)),
        operator=_number(o, "operator", 1, OPERATOR_MAX, OPERATOR_MAX),
        admin=_number(o, "admin", 29, OPERATOR_MAX, OPERATOR_MAX),
        password_secret=given("password_secret"),
        admin_secret=given("admin_secret"),
        tax_groups=_tax_groups(o),
        department=_number(o, "department", 0, 16, 1),
        subject=_number(o, "subject", 1, 33, 1),
        tax_system=_number(o, "tax_system", 0, 63, 1),
        payment_types=_payment_types(o),
        marks=Marks(o.choice("marks", Marks, Marks.NONE)) if given("marks") else None,
        check=o.yes("mark_check", False) if given("mark_check") else None,
        mark_policy=MarkPolicy(o.choice("mark_policy", MarkPolicy, MarkPolicy.STRICT)),
        mark_form=MarkForm(o.choice("mark_form", MarkForm, MarkForm.FULL)),
        mark_list=o.yes("mark_list", False),
        text_max=_number(o, "text_max", 40, TEXT_MAX, 40),
        kazakh=Kazakh(o.choice("kazakh", Kazakh, Kazakh.SUBSTITUTE)),
        decimals=int(o.choice("decimals", ("0", "2"), "2")),
        quantity_decimals=int(o.choice("quantity", ("3", "6"), "3")),
        opening=Opening(o.choice("shift_open", Opening, Opening.NONE)) if given("shift_open") else None,
        basis=BasisForm(o.choice("basis", BasisForm, BasisForm.NONE)),
        registration_number=_digits(o, "rnm"),
        drawer=_number(o, "drawer", 0, 1, 0),
        pause_s=0.0 if given("pause_s") == "0" else o.seconds("pause_s", 3.0, 30),
        ack_s=o.seconds("ack_s", 0.5, 10),
        byte_s=o.seconds("byte_s", 0.2, 10),
    )
    if model != AUTO:
        fit(settings, MODELS[model])
    return settings


def fit(settings: Settings, model: Model) -> None:
    """RegisterUrlError for an option that this model cannot follow."""
    if settings.check and (settings.marks or model.marks) is not Marks.FIELD:
        raise RegisterUrlError("option mark_check", "checks codes that go into the field: it needs marks=field")
    if settings.opening is Opening.FF0B and not model.storage:
        raise RegisterUrlError("option shift_open", f"model {model.name} has no fiscal storage")
    for rate, group in settings.tax_groups.items():
        if group > model.tax_groups:
            raise RegisterUrlError(f"option {_tax_option(rate)}", f"model {model.name} has {model.tax_groups} groups")
    for kind, number in settings.payment_types.items():
        if number > model.payments:
            raise RegisterUrlError(f"option {kind}", f"model {model.name} has {model.payments} kinds of payment")


def _number(o: Options, name: str, least: int, most: int, default: int) -> int:
    value = o.integer(name, least, most)
    return default if value is None else value


def _digits(o: Options, name: str) -> str:
    value = o.optional(name) or ""
    if value and not (value.isascii() and value.isdigit()):
        raise RegisterUrlError(f"option {name}", "must be digits")
    return value


def _tax_groups(o: Options) -> Mapping[int | None, int]:
    """Groups of the VAT rates: 16 % is the first one unless told otherwise, "without VAT" none."""
    groups: dict[int | None, int] = {1600: 1, None: 0}
    for rate in (*RATES, None):
        group = o.integer(_tax_option(rate), 0, 6)
        if group is not None:
            groups[rate] = group
    return MappingProxyType(groups)


def _payment_types(o: Options) -> Mapping[PaymentKind, int]:
    card, mobile = _number(o, "card", 2, 16, 2), _number(o, "mobile", 2, 16, 3)
    return MappingProxyType({PaymentKind.CASH: 1, PaymentKind.CARD: card, PaymentKind.MOBILE: mobile})
