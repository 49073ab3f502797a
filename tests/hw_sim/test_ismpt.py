"""The simulated IS MPT: sessions, look-ups, documents, exports, as the description of the API has them."""

from __future__ import annotations

import base64
import io
import json
import random
import zipfile
from urllib.parse import urlencode

import pytest

from hw_sim.exchange import SimRequest
from hw_sim.ismpt import SHRINK_READ, Account, Code, ErrorShape, Ismpt, Shape
from hw_sim.ledger import Operation

NS = 1_000_000_000
SHOE, PACK, BLOCK = "0104870000000104213kZ7q_W<2hT9m", "04870000000135kR4_vZ8", "010487000000013521kQ2!wE5"
SHOE_FULL = SHOE + "\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
PUBLIC, PRIVATE = "/public/api/cod/public/codes", "/public/api/cod/private/codes"

# Constructed write-off of the description: keys sorted by code point, 335 bytes.
WRITE_OFF = (
    '{"businessPlaceId":1001,"childrenWriteOff":false,"codes":[{"code":"0104870000000104213kZ7q_W<2hT9m"}],'
    '"primaryDocument":{"date":"2026-11-23","number":"154-28","type":"ACT"},"withdrawPartialQuantity":false,'
    '"withdrawalDate":"2026-11-23T11:55:37Z","withdrawalReason":"OTHER","withdrawalReasonOther":"damaged",'
    '"withdrawalType":"WRITE_OFF"}'
)


class Client:
    """A shop's side of the wire."""

    def __init__(self, service):
        self.service = service
        self.headers = {"accept": "*/*", "content-type": "application/json"}

    def send(self, method, target, content=None, **headers):
        body = b"" if content is None else json.dumps(content).encode()
        return self.service.handle(SimRequest(method, target, {**self.headers, **headers}, body))

    def login(self):
        session = self.send("POST", "/api/users/authenticate", {"login": "shop", "password": "pw"}).json()
        self.headers["authorization"] = f"Bearer {session['accessToken']}"
        return session

    def refresh(self, token):
        headers = {"content-type": "application/x-www-form-urlencoded"}
        body = urlencode({"refreshToken": token}).encode()
        return self.service.handle(SimRequest("POST", "/api/users/tokens/refresh", headers, body))

    def codes(self, *codes, path=PUBLIC):
        return self.send("POST", path, {"codes": list(codes)})

    def file(self, path, body, *, order=True):
        text = body if isinstance(body, str) else json.dumps(body, sort_keys=order, separators=(",", ":"))
        envelope = {"documentBody": base64.b64encode(text.encode()).decode()}
        return self.send("POST", f"/public/api/v1/doc/{path}", envelope)


@pytest.fixture
def service(clock):
    codes = [
        Code(SHOE, "04870000000104", SHOE_FULL, emission_ns=clock() - NS, production_ns=clock() - NS),
        Code(PACK, "04870000000135", PACK + "AbCd9xYz", "PG", status="WITHDRAWN"),
        Code(BLOCK, "04870000000135", BLOCK, "GS1_AISTR_SHORT", package_type="GROUP", extended="AC_AGGREGATED"),
    ]
    return Ismpt(clock, random.Random(3), codes, [Account("shop", "pw"), Account("guest", "pw", rights=frozenset())])


@pytest.fixture
def client(service):
    client = Client(service)
    client.login()
    return client


class TestSessions:
    def test_the_life_of_a_token_is_a_string_of_milliseconds(self, client):
        session = client.login()
        assert (session["accessTokenExpiresIn"], session["accessTokenType"]) == ("1800000", "BEARER")

    def test_a_token_ends_after_half_an_hour(self, client, clock):
        clock.sleep(1799)
        assert client.codes(SHOE).status == 200
        clock.sleep(1)
        reply = client.codes(SHOE)
        assert (reply.status, reply.json()[0]["context"]["_cause"]) == (401, "inactive-token")

    def test_a_refresh_token_works_once(self, client):
        token = client.login()["refreshToken"]
        fresh = client.refresh(token)
        assert fresh.status == 200
        client.headers["authorization"] = f"Bearer {fresh.json()['accessToken']}"
        assert client.codes(SHOE).status == 200
        assert client.refresh(token).status == 401

    def test_a_refresh_is_a_form_not_json(self, client):
        token = client.login()["refreshToken"]
        assert client.send("POST", "/api/users/tokens/refresh", {"refreshToken": token}).status == 400

    def test_a_wrong_password_is_named_in_an_array(self, client):
        reply = client.send("POST", "/api/users/authenticate", {"login": "shop", "password": "no"})
        assert (reply.status, reply.json()[0]["code"]) == (401, "user-incorrect-login-or-password")

    def test_without_a_token_everything_is_401(self, client):
        del client.headers["authorization"]
        assert client.codes(SHOE).status == 401


class TestLookUp:
    def test_a_known_code_shows_its_public_record(self, client):
        [record] = client.codes(SHOE).json()
        assert record["code"] == SHOE
        assert (record["status"], record["packageType"], record["gtin"]) == ("INTRODUCED", "UNIT", "04870000000104")
        assert record["productionDate"] == "2026-07-15T03:59:59Z"
        assert "extendedStatus" not in record

    def test_a_code_the_registry_does_not_know_is_missing(self, client):
        assert [row["code"] for row in client.codes(PACK, "0104870000000104213XXXXXXXXXXXX", SHOE).json()] == [
            PACK,
            SHOE,
        ]

    def test_a_code_with_its_tail_is_not_found(self, client):
        assert client.codes(SHOE_FULL).json() == []
        assert client.codes(PACK + "AbCd9xYz").json() == []

    def test_the_answer_has_four_shapes(self, client, service):
        def ask(shape, *codes):
            service.shape = shape
            return client.codes(*codes).json()

        assert ask(Shape.OBJECT, SHOE)["code"] == SHOE
        assert isinstance(ask(Shape.OBJECT, SHOE, PACK), list)
        assert ask(Shape.RESULTS, SHOE)["results"][0]["code"] == SHOE
        assert ask(Shape.CODES, SHOE)["codes"][0]["code"] == SHOE

    def test_a_batch_over_the_cap_is_400(self, client, service):
        service.batch_max = 2
        assert client.codes(SHOE, PACK).status == 200
        reply = client.codes(SHOE, PACK, BLOCK)
        assert (reply.status, reply.json()[0]["code"]) == (400, "invalid-input-parameter")

    @pytest.mark.parametrize("body", [{}, {"codes": []}, {"codes": "x"}, {"codes": [1]}])
    def test_a_wrong_list_is_400(self, client, body):
        assert client.send("POST", PUBLIC, body).status == 400

    def test_an_accept_header_without_the_wildcard_is_406_with_nothing(self, client, service):
        reply = client.send("POST", PUBLIC, {"codes": [SHOE]}, accept="application/json")
        assert (reply.status, reply.body) == (406, b"")
        service.accept_strict = False
        assert client.send("POST", PUBLIC, {"codes": [SHOE]}, accept="application/json").status == 200

    def test_the_private_record_tells_owner_and_withdrawal(self, client):
        [record] = client.codes(PACK, path=PRIVATE).json()["results"]
        assert record["codeData"]["status"] == "WITHDRAWN"
        assert record["turnoverData"]["ownerInfo"]["ownerTin"] == "000000000000"

    def test_without_the_right_the_private_path_redirects_to_the_public_one(self, client, service):
        service.sessions.accounts["shop"].rights = frozenset({SHRINK_READ})
        reply = client.codes(SHOE, path=PRIVATE)
        assert (reply.status, dict(reply.headers)["Location"]) == (307, PUBLIC)

    def test_without_any_right_a_look_up_is_403(self, client, service):
        service.sessions.accounts["shop"].rights = frozenset()
        assert client.codes(SHOE).status == 403

    @pytest.mark.parametrize("extended", ["CONNECTED", "WAIT_SHIPMENT", "CUSTOMS_CONTROL", "AC_DISAGGREGATED"])
    def test_extended_statuses_stand_beside_the_status(self, client, service, extended):
        service.codes.get(SHOE).extended = extended
        [record] = client.codes(SHOE).json()
        assert (record["status"], record["extendedStatus"]) == ("INTRODUCED", extended)

    def test_every_fault_of_the_look_up_comes_once(self, client, service):
        names = ["token_expired", "not_acceptable", "batch_refused", "missing_code", "http_503", "denied"]
        statuses = []
        for name in names:
            service.faults.add(name)
            statuses.append(client.codes(SHOE).status)
            client.login()
        assert statuses == [401, 406, 400, 200, 503, 403]
        service.faults.add("missing_code")
        assert [row["code"] for row in client.codes(SHOE, PACK).json()] == [PACK]
        service.faults.add("redirect_to_public")
        assert client.codes(SHOE, path=PRIVATE).status == 307
        service.faults.add("refresh_fails")
        assert client.refresh(client.login()["refreshToken"]).status == 401

    def test_error_bodies_have_four_shapes(self, client, service):
        def body(shape):
            service.error_shape = shape
            return client.send("POST", PUBLIC, {}).body

        assert json.loads(body(ErrorShape.ARRAY))[0]["context"]["parameter"] == "codes"
        assert json.loads(body(ErrorShape.OBJECT))["code"] == "invalid-input-parameter"
        assert body(ErrorShape.EMPTY) == b""
        assert b"<html>" in body(ErrorShape.HTML)


class TestReceipts:
    def test_a_sale_receipt_withdraws_the_code_and_dates_the_sale(self, client, service, clock):
        sold = clock()
        clock.sleep(30)
        service.codes.receive_mark(SHOE_FULL, Operation.SALE, sold, clock(), "42")
        [record] = client.codes(SHOE, path=PRIVATE).json()["results"]
        assert record["codeData"]["status"] == "WITHDRAWN"
        assert record["markingData"]["receiptDate"] == "2026-07-15T04:00:00.000Z"
        assert record["turnoverData"]["withdrawalDate"] == "2026-07-15T04:00:30Z"

    @pytest.mark.parametrize("text", [SHOE, SHOE_FULL, SHOE_FULL.replace("\x1d", ""), "]d2\x1d" + SHOE_FULL])
    def test_a_mark_is_recognised_in_every_form_a_receipt_may_carry(self, service, text):
        assert service.codes.owner_of_mark(text).ki == SHOE

    def test_a_second_sale_and_an_unknown_mark_are_oddities(self, service, clock):
        for mark in (SHOE, SHOE, "04870000000135XXXXXXXabcdefgh"):
            service.codes.receive_mark(mark, Operation.SALE, clock(), clock(), "42")
        assert [oddity.about for oddity in service.codes.oddities] == ["sold while WITHDRAWN", "not in the registry"]

    def test_a_return_receipt_alone_does_not_reintroduce(self, client, service, clock):
        service.codes.receive_mark(PACK, Operation.SALE_RETURN, clock(), clock(), "43")
        assert service.codes.get(PACK).status == "WITHDRAWN"
        service.codes.receipts_reintroduce = True
        service.codes.receive_mark(PACK, Operation.SALE_RETURN, clock(), clock(), "43")
        assert service.codes.get(PACK).status == "INTRODUCED"


class TestDocuments:
    def test_a_write_off_takes_effect_when_its_processing_ends(self, client, service, clock):
        number = client.file("withdrawal", WRITE_OFF).json()["documentId"]
        seen = []
        for _ in range(5):
            seen.append(client.send("GET", f"/public/api/v1/doc/storage/docs/{number}").json()["status"])
            clock.sleep(1)
        assert seen == ["CREATED", "VALIDATING", "IN_PROCESS", "IN_PROCESS", "SUCCESS"]
        assert service.codes.get(SHOE).status == "WRITTEN_OFF"
        assert client.send("GET", f"/public/api/v1/doc/storage/json/{number}").json() == json.loads(WRITE_OFF)

    def test_a_return_reintroduces_and_bad_rows_are_named(self, client, service, clock):
        rows = [{"code": PACK}, {"code": SHOE}, {"code": "unknown"}]
        body = {"businessDate": "x", "businessPlaceId": 1, "codes": rows, "returnReason": "RETAIL_RETURN"}
        number = client.file("return-to-turnover", body).json()["documentId"]
        assert service.codes.get(PACK).status == "WITHDRAWN"
        clock.sleep(4)
        card = client.send("GET", f"/public/api/v1/doc/storage/docs/{number}").json()
        assert card["status"] == "PARTIALLY_PROCESSED"
        errors = client.send("GET", f"/public/api/v1/doc/storage/errors/{number}").json()["documentErrors"]
        assert [(row["index"], row["errorCode"]) for row in errors] == [
            (1, "incorrect-code-status"),
            (2, "code-not-found"),
        ]
        assert service.codes.get(PACK).status == "INTRODUCED"

    def test_unsorted_keys_are_refused_in_strict_mode_at_every_level(self, client, service):
        unsorted = WRITE_OFF.replace('"date":"2026-11-23","number":"154-28"', '"number":"154-28","date":"2026-11-23"')
        assert unsorted != WRITE_OFF
        assert client.file("withdrawal", unsorted).status == 400
        service.documents.strict_order = False
        assert client.file("withdrawal", unsorted).status == 200

    @pytest.mark.parametrize(
        "envelope", [{}, {"documentBody": "***"}, {"documentBody": "W10="}, {"documentBody": "e30="}]
    )
    def test_an_envelope_without_a_good_body_is_400(self, client, envelope):
        assert client.send("POST", "/public/api/v1/doc/withdrawal", envelope).status == 400

    def test_search_pages_by_cursor_and_types_may_carry_brackets(self, client, service, clock):
        numbers = [client.file("withdrawal", WRITE_OFF).json()["documentId"] for _ in range(3)]
        service.documents.trailing_brackets = True
        found = client.send(
            "GET", f"/public/api/v1/doc/storage/docs/search?types=WITHDRAWAL&limit=2&cursor={numbers[0]}"
        )
        rows = found.json()["documentInfos"]
        assert [row["documentId"] for row in rows] == numbers[1:]
        assert rows[0]["type"] == "WITHDRAWAL ( )"

    def test_errors_are_read_in_pages_after_the_last_index(self, client, service, clock):
        rows = [{"code": f"unknown {n}"} for n in range(5)]
        body = {"businessDate": "x", "businessPlaceId": 1, "codes": rows, "returnReason": "RETAIL_RETURN"}
        number = client.file("return-to-turnover", body).json()["documentId"]
        clock.sleep(4)

        def indexes(query):
            path = f"/public/api/v1/doc/storage/errors/{number}?{query}"
            return [row["index"] for row in client.send("GET", path).json()["documentErrors"]]

        assert indexes("limit=2") == [0, 1]
        assert indexes("limit=2&lastIndex=1") == [2, 3]
        assert indexes("limit=2&lastIndex=4") == []
        assert indexes("propertyName=businessDate") == []

    def test_a_row_can_be_refused_on_command_and_a_search_can_lag_behind(self, client, service, clock):
        service.documents.refused_codes = {SHOE: "owner-differs"}
        service.documents.search_lag_s = 10
        number = client.file("withdrawal", WRITE_OFF).json()["documentId"]
        search = "/public/api/v1/doc/storage/docs/search"
        assert client.send("GET", search).json() == {"documentInfos": []}
        clock.sleep(10)
        assert client.send("GET", search).json()["documentInfos"][0]["status"] == "ERROR"
        errors = client.send("GET", f"/public/api/v1/doc/storage/errors/{number}").json()["documentErrors"]
        assert [row["errorCode"] for row in errors] == ["owner-differs"]
        assert service.codes.get(SHOE).status == "INTRODUCED"

    def test_an_unknown_document_is_404(self, client):
        assert client.send("GET", "/public/api/v1/doc/storage/docs/nothing").status == 404

    def test_an_answer_can_be_lost_after_the_document_was_taken(self, client, service):
        service.faults.add("answer_lost_after", "withdrawal")
        assert client.file("withdrawal", WRITE_OFF).cut is not None
        assert len(service.documents.documents) == 1


def test_an_export_goes_from_created_to_success_to_expired(client, clock):
    number = client.send("POST", "/public/api/cod/exports", {"gtin": "04870000000135"}).json()["id"]
    status = f"/public/api/cod/exports/{number}/status"
    assert client.send("GET", status).body == b'"CREATED"'
    assert client.send("GET", f"/public/api/cod/exports/{number}/result").status == 404
    clock.sleep(5)
    assert client.send("GET", status).json() == "SUCCESS"
    archive = client.send("GET", f"/public/api/cod/exports/{number}/result").body
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        results = json.loads(opened.read(opened.namelist()[0]))["results"]
    assert {row["codeData"]["code"] for row in results} == {PACK, BLOCK}
    clock.sleep(3600)
    client.login()
    assert client.send("GET", status).json() == "EXPIRED"
