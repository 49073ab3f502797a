"""`pos-hq serve` with all it can do, as processes: TLS, two workers, the registry asked, a document filed, webhooks."""

from __future__ import annotations

import datetime as dt
import random
import re
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import httpx
import pytest
from hook_receiver import Receiver, make_certificate
from sqlalchemy import Engine, select

from hw_sim.http import serve
from hw_sim.ismpt import Account, Code, Ismpt
from sync.batch import Batch, encode
from sync.hq.actions.schema import document
from sync.hq.config import load
from sync.hq.exports.signature import SIGNATURE_HEADER, TIME_HEADER, signature
from sync.hq.headquarters import Held, opened, pages_settings
from sync.hq.lake.layout import AGENT, AGENT_RECEIPT, OFD, OFD_RECEIPT, Lake, to_arrow
from sync.hq.pages.accounts import Accounts
from sync.hq.tables import exception
from sync.hq.witness import Line, Operation, Receipt
from sync.wire import Row
from sync.zone import ZONE

from .test_serve import TOKEN, Service, rows, service

__all__ = ["rows", "service"]  # Its fixtures.

T = TypeVar("T")
PASSWORD = "correct horse battery"
SECRET = "shared with the receiver"
KI = "0104870000000104213kZ7q_W<2hT000"
GTIN = "04870000000104"
PLACE = 1001
WAIT_S = 60.0


def waited(look: Callable[[], T | None], what: str) -> T:
    until = time.monotonic() + WAIT_S
    while (found := look()) is None:
        assert time.monotonic() < until, what
        threading.Event().wait(0.05)
    return found


@pytest.fixture
def registry() -> Iterator[tuple[Ismpt, str]]:
    found = Ismpt(time.time_ns, random.Random(1), [Code(KI, GTIN)], [Account("office", "word")])
    with serve(found) as running:
        yield found, running.url


@pytest.fixture
def hook() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


def configure(service: Service, till: str, registry_url: str, hook_url: str) -> None:
    certificate, key = make_certificate(service.folder)
    (service.folder / "registry.word").write_text("word", encoding="utf-8")
    (service.folder / "hook.word").write_text(SECRET, encoding="utf-8")
    text = service.config.read_text(encoding="utf-8").replace(
        'region = "R"', f'region = "R"\nbusiness_place_id = {PLACE}'
    )
    text += f"""
[listen]
certificate = "{certificate}"
key = "{key}"
workers = 2
[ismpt]
url = "{registry_url}"
login = "office"
password = "file:{service.folder / "registry.word"}"
check_every_h = 0.002
check_days = 10
file_documents = true
[documents]
reason_other = "Продажа по чеку"
act_prefix = "TEST-"
[[documents.groups]]
group = "shoes"
gtins = ["0487"]
[[webhooks]]
url = "{hook_url}"
secret = "file:{service.folder / "hook.word"}"
events = ["exception.opened", "document.state"]
[webhook_guard]
internal_networks = ["127.0.0.0/8"]
plain_hosts = ["127.0.0.1"]
"""
    service.config.write_text(text, encoding="utf-8")


def sold_three_days_ago(lake: Lake, till: str) -> None:
    """A unit in the journal and at the operator; of the registry nothing is known yet."""
    sold = dt.datetime.now(ZONE) - dt.timedelta(days=3)
    at = int(sold.timestamp()) * 1_000_000
    receipt = ("R1", 7, 28, "S1")
    for lines, receipts, source, who in ((AGENT, AGENT_RECEIPT, "journal", till), (OFD, OFD_RECEIPT, "import-1", "")):
        line = Line(sold.date(), KI, GTIN, Operation.SALE, at, who, *receipt, 1, 145_000, source, 1)
        whole = Receipt(sold.date(), Operation.SALE, at, at, who, *receipt, 145_000, 1, False, source, 1)
        lake.write(lines, to_arrow([line]), "by-hand")
        lake.write(receipts, to_arrow([whole]), "by-hand")


class Browser:
    """A person before a browser, over TLS."""

    def __init__(self, url: str, context: ssl.SSLContext) -> None:
        self._client = httpx.Client(base_url=url, verify=context, trust_env=False, headers={"origin": url}, timeout=60)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str) -> httpx.Response:
        return self._client.get(path)

    def post(self, page: str, path: str, **form: str) -> httpx.Response:
        """A form of `page`, with its token."""
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get(page).text)
        assert token is not None
        return self._client.post(path, data={"csrf": token[1], **form})


def open_case(engine: Engine) -> int | None:
    with engine.connect() as db:
        chosen = (exception.c.ki == KI, exception.c.state == "open", exception.c.kind == "sold-not-withdrawn")
        return db.scalar(select(exception.c.id).where(*chosen))


def value_of(engine: Engine, number: int, name: str) -> str:
    with engine.connect() as db:
        return str(db.scalar(select(document.c[name]).where(document.c.id == number)))


def test_a_unit_still_on_the_balance_is_found_filed_by_a_person_and_told_to_others(
    service: Service, rows: list[Row], registry: tuple[Ismpt, str], hook: Receiver
) -> None:
    simulated, registry_url = registry
    configure(service, rows[0].till, registry_url, hook.url("127.0.0.1"))
    with opened(load(service.config)) as held:
        settings = pages_settings(load(service.config), 1)
        accounts = Accounts(held.engine, settings, time.time_ns, secrets.token_bytes)
        accounts.create("root", "", "administrator", PASSWORD, by="test", address="")
        sold_three_days_ago(held.lake, rows[0].till)
        url = service.start().replace("http:", "https:")
        context = ssl.create_default_context(cafile=str(service.folder / "receiver.pem"))
        deliver_over_tls(url, context, rows[:50])
        number = filed_by_hand(url, context, held)
        waited(lambda: value_of(held.engine, number, "state") == "SUCCESS" or None, "the document was not taken")
        waited(lambda: states_told(hook, number) >= {"SENT", "SUCCESS"} or None, "the receiver was not told")
        assert value_of(held.engine, number, "product_group") == "shoes"
    (filed,) = simulated.documents.documents.values()
    assert filed.body["codes"] == [{"code": KI}]
    assert filed.body["businessPlaceId"] == PLACE
    assert filed.body["withdrawalReasonOther"] == "Продажа по чеку"
    assert filed.body["primaryDocument"]["number"] == f"TEST-{number}"
    assert simulated.codes.get(KI).status == "WITHDRAWN"
    for heard in hook.heard:
        said = signature(SECRET.encode(), int(heard.headers[TIME_HEADER.lower()]), heard.body)
        assert heard.headers[SIGNATURE_HEADER.lower()] == said
    assert len(set(re.findall(r"Started server process \[(\d+)\]", service.log.read_text(encoding="utf-8")))) == 2
    assert service.end(15) == 0


def filed_by_hand(url: str, context: ssl.SSLContext, held: Held) -> int:
    """From the case to the approval, on the pages; the document's number."""
    case = waited(lambda: open_case(held.engine), "the case was not found")
    with Browser(url, context) as browser:
        assert browser.post("/sign-in", "/sign-in", name="root", password=PASSWORD).headers["location"] == "/fleet"
        assert KI[3:16] in browser.get(f"/exceptions/{case}").text
        made = browser.post(f"/documents/new?exceptions={case}", "/documents", exceptions=str(case))
        path = made.headers["location"]
        number = int(path.rpartition("/")[2])
        assert value_of(held.engine, number, "state") == "PREPARED"
        assert browser.post(path, f"{path}/approve", why="looked at the receipt").status_code == 303
    return number


def deliver_over_tls(url: str, context: ssl.SSLContext, rows: list[Row]) -> None:
    headers = {"authorization": f"Bearer {TOKEN}", "content-encoding": "gzip"}
    with httpx.Client(base_url=url, headers=headers, verify=context, trust_env=False, timeout=60) as client:
        answer = client.post("/v1/batches", content=encode(Batch(rows[0].till, tuple(rows))))
    assert answer.status_code == 200, answer.text


def states_told(hook: Receiver, number: int) -> set[str]:
    told = [heard.content for heard in list(hook.heard)]
    return {one["data"].get("state", "") for one in told if one["data"].get("document") == number}
