"""What the simulated reKassa refuses, and with which code. Nothing refused leaves a document."""

from __future__ import annotations

import pytest
from cloud_sides import code

from hw_sim.ledger import tiyn
from hw_sim.rekassa import MarkField, Refusals

A = "04870249811936t1Xrb-xQWhpeGhG"
COMMODITY = "items.0.commodity"
TAX = f"{COMMODITY}.taxes.0"
NO_MARKS = {f"{COMMODITY}.listExciseStamp": ...}
PROTOCOL = "PROTOCOL_ERROR"

REFUSED = {
    "an operation nobody has": ({"operation": "OPERATION_WRONG"}, PROTOCOL),
    "an operation by a number nobody has": ({"operation": 9}, PROTOCOL),
    "no operation": ({"operation": ...}, PROTOCOL),
    "an unknown field": ({"marks": []}, PROTOCOL),
    "an unknown field deep inside": ({f"{COMMODITY}.gtin": "1"}, PROTOCOL),
    "no domain": ({"domain": ...}, PROTOCOL),
    "the thirtieth of February": ({"dateTime.date": {"year": 2026, "month": 2, "day": 30}}, PROTOCOL),
    "the twenty-fifth hour": ({"dateTime.time": {"hour": 25, "minute": 0}}, PROTOCOL),
    "no items": ({"items": []}, PROTOCOL),
    "an item that is not what its type says": ({"items.0.type": "ITEM_TYPE_DISCOUNT"}, PROTOCOL),
    "no name": ({f"{COMMODITY}.name": " "}, PROTOCOL),
    "no unit": ({f"{COMMODITY}.measureUnitCode": ...}, PROTOCOL),
    "no section": ({f"{COMMODITY}.sectionCode": ...}, PROTOCOL),
    "quantity of zero": ({f"{COMMODITY}.quantity": 0}, PROTOCOL),
    "negative quantity": ({f"{COMMODITY}.quantity": -2000}, PROTOCOL),
    "quantity in units instead of thousandths": ({f"{COMMODITY}.quantity": 2}, PROTOCOL),
    "quantity with a fraction": ({f"{COMMODITY}.quantity": 2000.5}, PROTOCOL),
    "a price of 100 coins": ({f"{COMMODITY}.price": {"bills": 899, "coins": 100}}, PROTOCOL),
    "money as a number": ({f"{COMMODITY}.price": 900}, PROTOCOL),
    "money without coins": ({f"{COMMODITY}.price": {"bills": 900}}, PROTOCOL),
    "a sum one tiyn off": ({f"{COMMODITY}.sum": {"bills": 1800, "coins": 1}}, PROTOCOL),
    "a total one tiyn off": ({"amounts.total": {"bills": 1800, "coins": 1}}, PROTOCOL),
    "markup and discount of the ticket": (
        {"amounts.markup": {"sum": {"bills": 1, "coins": 0}}, "amounts.discount": {"sum": {"bills": 1, "coins": 0}}},
        PROTOCOL,
    ),
    "percent without thousandths": ({f"{TAX}.percent": 16}, PROTOCOL),
    "percent nobody has": ({f"{TAX}.percent": 20000}, PROTOCOL),
    "another tax than VAT": ({f"{TAX}.taxType": 101}, PROTOCOL),
    "a taxation nobody has": ({f"{TAX}.taxationType": 99}, PROTOCOL),
    "VAT outside the sum": ({f"{TAX}.isInTotalSum": False}, PROTOCOL),
    "taxes at the item and at the ticket": (
        {"taxes": [{"taxType": 100, "percent": 16000, "sum": {"bills": 248, "coins": 28}, "isInTotalSum": True}]},
        PROTOCOL,
    ),
    "no payments": ({"payments": []}, PROTOCOL),
    "payments with the change in them": ({"payments.0.sum": {"bills": 2000, "coins": 0}}, PROTOCOL),
    "a card payment below the total": (
        {
            "payments": [{"type": "PAYMENT_CARD", "sum": {"bills": 1700, "coins": 0}}],
            "amounts.taken": ...,
            "amounts.change": ...,
        },
        PROTOCOL,
    ),
    "a line dearer than price and quantity, paid in full": (
        {
            f"{COMMODITY}.sum": {"bills": 1801, "coins": 0},
            "payments.0.sum": {"bills": 1801, "coins": 0},
            "amounts.total": {"bills": 1801, "coins": 0},
            "amounts.taken": {"bills": 2001, "coins": 0},
            f"{COMMODITY}.taxes": ...,
        },
        PROTOCOL,
    ),
    "both names of one field": ({f"{COMMODITY}.measure_unit_code": "796"}, PROTOCOL),
    "credit": ({"payments.0.type": "PAYMENT_CREDIT"}, PROTOCOL),
    "the same kind of payment twice": (
        {"payments": [{"type": "PAYMENT_CASH", "sum": {"bills": 900, "coins": 0}}] * 2},
        PROTOCOL,
    ),
    "cash without taken": ({"amounts.taken": ...}, PROTOCOL),
    "taken that does not give the change": ({"amounts.taken": {"bills": 1900, "coins": 0}}, PROTOCOL),
    "taken of a card": ({"payments.0.type": "PAYMENT_CARD"}, PROTOCOL),
    "one mark for two units": ({f"{COMMODITY}.listExciseStamp": [A]}, PROTOCOL),
    "the same mark twice": ({f"{COMMODITY}.listExciseStamp": [A, A]}, PROTOCOL),
    "an empty mark": ({f"{COMMODITY}.listExciseStamp": [A, ""]}, PROTOCOL),
    "both fields for marks": ({f"{COMMODITY}.exciseStamp": A}, PROTOCOL),
    "the older field for two units": ({**NO_MARKS, f"{COMMODITY}.exciseStamp": A}, PROTOCOL),
    "marks as a text": ({f"{COMMODITY}.listExciseStamp": A}, PROTOCOL),
    "the seller as buyer": ({"extensionOptions": {"customerIinOrBin": "000000000000"}}, "SAME_TAXPAYER_AND_CUSTOMER"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_ticket_is_refused(rekassa, ticket, name):
    changes, expected = REFUSED[name]
    assert code(rekassa.sell(ticket(changes))) == expected
    assert rekassa.memory.documents == []


def test_the_parser_names_what_it_did_not_find(rekassa, ticket):
    def text(changes):
        return rekassa.sell(ticket(changes)).json()["message"]

    assert text({"operation": "OPERATION_WRONG"}) == (
        "Invalid enum value: OPERATION_WRONG for enum type: kkm.proto.OperationTypeEnum"
    )
    assert text({"marks": 1}) == "Cannot find field: marks in message kkm.proto.TicketRequest"
    missing = text({"operation": ..., f"{COMMODITY}.sectionCode": ...})
    assert missing == "Message missing required fields: operation, items[0].commodity.section_code"


TAKEN_AS_WELL = {
    "original names of fields": ({f"{COMMODITY}.measureUnitCode": ..., f"{COMMODITY}.measure_unit_code": "796"}),
    "enum numbers": ({"operation": 2, "payments.0.type": 0, "domain.type": 1}),
    "numbers as texts": ({f"{COMMODITY}.quantity": "2000", f"{TAX}.percent": "16000"}),
    "a section by number": ({f"{COMMODITY}.sectionCode": 1}),
    "null for an absent field": ({"taxes": None, f"{COMMODITY}.ntin": None}),
    "a whole number with a point": ({f"{COMMODITY}.quantity": 2000.0}),
    "the unit type of older clients": ({f"{COMMODITY}.auxiliary": [{"key": "UNIT_TYPE", "value": "PIECE"}]}),
    "an operator": ({"operator": {"code": 0}}),
    "a tax one tiyn off": ({f"{TAX}.sum": {"bills": 248, "coins": 29}}),
    "no taxes at all": ({f"{COMMODITY}.taxes": ...}),
    "no marks at all": (NO_MARKS),
}


@pytest.mark.parametrize("name", TAKEN_AS_WELL)
def test_what_protobuf_reads_as_the_same_message_is_registered(rekassa, ticket, name):
    assert code(rekassa.sell(ticket(TAKEN_AS_WELL[name]))) == ""
    assert tiyn(rekassa.memory.documents[0].total) == 180_000


def test_a_tax_two_tiyn_off_is_refused(rekassa, ticket):
    assert code(rekassa.sell(ticket({f"{TAX}.sum": {"bills": 248, "coins": 30}}))) == PROTOCOL


def test_a_discount_stands_as_an_item_of_its_own_or_at_the_ticket(rekassa, ticket):
    less = {"sum": {"bills": 300, "coins": 0}}
    amounts = {name: {"bills": 1500, "coins": 0} for name in ("total", "taken")}
    changes = {f"amounts.{name}": value for name, value in amounts.items()}
    changes |= {"payments.0.sum": {"bills": 1500, "coins": 0}, "amounts.change": {"bills": 0, "coins": 0}}
    body = ticket(changes)
    item = {"type": "ITEM_TYPE_DISCOUNT", "discount": {"name": "card", **less}}
    assert code(rekassa.sell({**body, "items": [*body["items"], item]}, "a")) == ""
    body["amounts"]["discount"] = less
    assert code(rekassa.sell(body, "b")) == ""
    assert [tiyn(document.total) for document in rekassa.memory.documents] == [150_000, 150_000]


def test_vat_of_a_discounted_item_may_be_computed_before_or_after_the_discount(rekassa, ticket):
    """300 off 1800 at 16 %: 248.28 before, 1500 * 16/116 = 206.90 after."""
    changes = {f"amounts.{name}": {"bills": 1500, "coins": 0} for name in ("total", "taken")}
    changes |= {"payments.0.sum": {"bills": 1500, "coins": 0}, "amounts.change": {"bills": 0, "coins": 0}}
    item = {"type": "ITEM_TYPE_DISCOUNT", "discount": {"sum": {"bills": 300, "coins": 0}}}
    for number, (tax, expected) in enumerate([((248, 28), ""), ((206, 90), ""), ((230, 0), PROTOCOL)]):
        body = ticket({**changes, f"{TAX}.sum": {"bills": tax[0], "coins": tax[1]}})
        body["items"].append(item)
        assert code(rekassa.sell(body, f"d{number}")) == expected


def test_marks_are_kept_exactly_separators_and_all(rekassa, ticket):
    marks = ["0104870000000128213hB?7tR\x1d93aB9+", "0104870000000128215'dT\"O\\\x1d93Zw=="]
    rekassa.sell(ticket({f"{COMMODITY}.listExciseStamp": marks}))
    assert list(rekassa.memory.documents[0].marks) == marks
    shown = rekassa.get("/tickets/50001")["data"]["ticket"]["items"][0]["commodity"]
    assert shown["listExciseStamp"] == marks


@pytest.mark.parametrize(("field", "codes"), [("listExciseStamp", ["", PROTOCOL]), ("exciseStamp", [PROTOCOL, ""])])
def test_a_service_may_know_only_one_field_for_marks(rekassa, ticket, field, codes):
    rekassa.service.profile.marks = MarkField(field)
    older = ticket({}, "sale with the older field for one mark: one item per unit")
    assert [code(rekassa.sell(body, f"k{n}")) for n, body in enumerate((ticket(), older))] == codes


def test_an_indulgent_service_overlooks_unknown_fields_and_the_demands_of_2_0_3(rekassa, ticket):
    profile = rekassa.service.profile
    profile.unknown_fields_refused = profile.strict_203 = profile.marks_match_quantity = False
    body = ticket({"future": 1, "domain": ..., f"{COMMODITY}.measureUnitCode": ...})
    body["items"][0]["commodity"]["listExciseStamp"] = [A]
    assert code(rekassa.sell(body)) == ""


def test_coordinates_are_demanded_when_switched_on(rekassa, ticket):
    rekassa.service.profile.geo_required = True
    assert code(rekassa.sell(ticket())) == PROTOCOL
    assert code(rekassa.sell(ticket(), x_geo_latitude="43.2389", x_geo_longitude="76.8897")) == ""


def test_a_refusal_may_come_as_a_document_with_status_error(rekassa, ticket):
    rekassa.service.profile.refusals = Refusals.DOCUMENT
    reply = rekassa.sell(ticket({"domain": ...}))
    assert (reply.status, reply.json()["status"], reply.json()["errorType"]) == (200, "ERROR", PROTOCOL)
    assert rekassa.memory.documents == []
    assert rekassa.sell(ticket()).json()["status"] == "OK"


def test_the_state_of_the_till_decides_before_the_ticket(rekassa, ticket):
    rekassa.till.blocked = True
    assert code(rekassa.sell(ticket())) == "CASH_REGISTER_BLOCKED"
    assert rekassa.get("")["fdoMode"] == "BLOCKED"
    rekassa.till.blocked, rekassa.till.active = False, False
    assert code(rekassa.sell(ticket())) == "CASH_REGISTER_WRONG_STATUS"
