"""The messages of the OFD protocol 2.0.3 that reKassa's JSON speaks, as tables.

Names and types: github texport/ofd-kt-proto, proto-v203. `!` marks a required field, `*` a repeated one. `operator` is
required there and filled in by the service here, so requests may leave it out; reports have one, as clients show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ENUMS: Mapping[str, Mapping[str, int]] = {
    "OperationTypeEnum": {
        "OPERATION_BUY": 0,
        "OPERATION_BUY_RETURN": 1,
        "OPERATION_SELL": 2,
        "OPERATION_SELL_RETURN": 3,
    },
    "PaymentTypeEnum": {
        "PAYMENT_CASH": 0,
        "PAYMENT_CARD": 1,
        "PAYMENT_CREDIT": 2,
        "PAYMENT_TARE": 3,
        "PAYMENT_MOBILE": 4,
    },
    "DomainTypeEnum": {
        "DOMAIN_TRADING": 0,
        "DOMAIN_SERVICES": 1,
        "DOMAIN_GASOIL": 2,
        "DOMAIN_HOTELS": 3,
        "DOMAIN_TAXI": 4,
        "DOMAIN_PARKING": 5,
    },
    "ItemTypeEnum": {
        "ITEM_TYPE_COMMODITY": 1,
        "ITEM_TYPE_STORNO_COMMODITY": 2,
        "ITEM_TYPE_MARKUP": 3,
        "ITEM_TYPE_STORNO_MARKUP": 4,
        "ITEM_TYPE_DISCOUNT": 5,
        "ITEM_TYPE_STORNO_DISCOUNT": 6,
    },
    "MoneyPlacementEnum": {"MONEY_PLACEMENT_DEPOSIT": 0, "MONEY_PLACEMENT_WITHDRAWAL": 1},
    "ReportTypeEnum": {"REPORT_Z": 0, "REPORT_X": 1},
    "CommandTypeEnum": {"COMMAND_TICKET": 1, "COMMAND_MONEY_PLACEMENT": 6},
}

_TABLES: Mapping[str, str] = {
    "Date": "year:uint32! month:uint32! day:uint32!",
    "Time": "hour:uint32! minute:uint32! second:uint32",
    "DateTime": "date:Date! time:Time!",
    "Money": "bills:uint64! coins:uint32!",
    "Operator": "code:uint32! name:string",
    "KeyValuePair": "key:string! value:string",
    "TicketRequest": "operation:OperationTypeEnum! date_time:DateTime! operator:Operator domain:Domain items:Item* "
    "payments:Payment* taxes:Tax* amounts:Amounts! extension_options:ExtensionOptions offline_ticket_number:uint32 "
    "printed_ticket:string fr_shift_number:uint32 shift_document_number:uint32 parent_ticket:ParentTicket",
    "Item": "type:ItemTypeEnum! commodity:Commodity storno_commodity:StornoCommodity markup:Modifier "
    "storno_markup:Modifier discount:Modifier storno_discount:Modifier",
    "Commodity": "code:uint64 name:string section_code:string! quantity:uint64! price:Money! sum:Money! taxes:Tax* "
    "excise_stamp:string auxiliary:KeyValuePair* physical_label:string product_id:string barcode:string "
    "measure_unit_code:string list_excise_stamp:string* ntin:string",
    "StornoCommodity": "name:string section_code:string! quantity:uint64! price:Money! sum:Money! taxes:Tax* "
    "excise_stamp:string auxiliary:KeyValuePair* physical_label:string product_id:string barcode:string "
    "measure_unit_code:string list_excise_stamp:string* ntin:string",
    "Tax": "tax_type:uint32! taxation_type:uint32 percent:uint32! sum:Money! is_in_total_sum:bool!",
    "Modifier": "name:string sum:Money! taxes:Tax* auxiliary:KeyValuePair*",
    "Payment": "type:PaymentTypeEnum! sum:Money! card_payment_fields:CardPaymentFields "
    "mobile_payment_fields:MobilePaymentFields",
    "CardPaymentFields": "pos_terminal_id:string pos_card_type:string pos_autorization_code:uint32 pos_rrn:uint64 "
    "pos_receipt_number:uint32",
    "MobilePaymentFields": "qr_type:string qr_id:string",
    "Amounts": "total:Money! taken:Money change:Money markup:Modifier discount:Modifier",
    "ExtensionOptions": "customer_email:string customer_phone:string auxiliary:KeyValuePair* "
    "customer_iin_or_bin:string",
    "Domain": "type:DomainTypeEnum!",
    "ParentTicket": "parent_ticket_number:string! parent_ticket_data_time:DateTime! kgd_kkm_id:string! "
    "parent_ticket_total:Money! parent_ticket_is_offline:bool!",
    "MoneyPlacementRequest": "datetime:DateTime! operation:MoneyPlacementEnum! sum:Money! is_offline:bool "
    "operator:Operator",
    "ZXReport": "date_time:DateTime! shift_number:uint32! total_result:Operation* "
    "start_shift_non_nullable_sums:NonNullableSum* ticket_operations:TicketOperation* "
    "money_placements:MoneyPlacement* cash_sum:Money! revenue:Revenue! non_nullable_sums:NonNullableSum* "
    "open_shift_time:DateTime close_shift_time:DateTime operator:Operator",
    "Operation": "operation:OperationTypeEnum! count:uint32! sum:Money!",
    "NonNullableSum": "operation:OperationTypeEnum! sum:Money!",
    "TicketOperation": "operation:OperationTypeEnum! tickets_total_count:uint32! tickets_count:uint32! "
    "tickets_sum:Money! payments:TicketPayment* offline_count:uint32 discount_sum:Money markup_sum:Money "
    "change_sum:Money",
    "TicketPayment": "payment:PaymentTypeEnum! sum:Money! count:uint32",
    "MoneyPlacement": "operation:MoneyPlacementEnum! operations_total_count:uint32! operations_count:uint32! "
    "operations_sum:Money! offline_count:uint32",
    "Revenue": "sum:Money! is_negative:bool!",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message. `kind` is a scalar type, an enum or a message."""

    original: str
    kind: str
    required: bool
    repeated: bool

    @property
    def name(self) -> str:
        """The lowerCamelCase name of the JSON mapping."""
        first, *rest = self.original.split("_")
        return first + "".join(word[:1].upper() + word[1:] for word in rest)


def _field(text: str) -> Field:
    original, kind = text.split(":")
    return Field(original, kind.rstrip("!*"), kind.endswith("!"), kind.endswith("*"))


MESSAGES: Mapping[str, tuple[Field, ...]] = {
    name: tuple(_field(text) for text in table.split()) for name, table in _TABLES.items()
}
