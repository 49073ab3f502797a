"""One receipt by the address in its QR: only where allowed, slowly, and what is not understood is kept for a person."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from operator_files import NOW_NS

from sync.hq.imports.ledger import Ledger, State
from sync.hq.imports.receipt_page import Found, NotAllowed, PageRules, ReceiptPages, receipt_address

QUERY = "i=4228143550&f=010100000001&s=1800.00&t=20260715T103000"


class Page(BaseHTTPRequestHandler):
    status, body = 200, b""

    def do_GET(self):
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_):
        pass


@pytest.fixture
def operator():
    handler = type("Handler", (Page,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    handler.url = f"http://127.0.0.1:{server.server_address[1]}/consumer?{QUERY}"
    yield handler
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def open_pages(hq, tmp_path, pauses):
    opened = []

    def open_(**rules):
        made = ReceiptPages(
            PageRules(**rules), engine=hq, folder=tmp_path / "pages", now=lambda: NOW_NS, monotonic=lambda: 0.0,
            sleep=pauses.append,
        )  # fmt: skip
        opened.append(made)
        return made

    yield open_
    for made in opened:
        made.close()


HERE = {"hosts": frozenset({"127.0.0.1"})}


def test_nobody_is_asked_unless_the_host_is_named(open_pages, operator):
    with pytest.raises(NotAllowed, match="not among the hosts"):
        open_pages().check(operator.url)


@pytest.mark.parametrize(
    "url",
    ["ftp://h?" + QUERY, "http://h?i=1", "http://h?f=1&s=5&t=20260715T103000", "http://u:p@h?" + QUERY, "", "http://[",
     "http://h?i=1&f=2&s=abc&t=20260715T103000", "http://h?i=1&f=2&s=5&t=never"],
)  # fmt: skip
def test_what_is_no_address_of_a_receipt_is_refused(url):
    with pytest.raises(NotAllowed):
        receipt_address(url)


def test_the_address_tells_the_receipt():
    found = receipt_address("http://consumer.oofd.kz?" + QUERY)
    assert (found.host, found.sign, found.rnm, found.total_tiyn) == (
        "consumer.oofd.kz", "4228143550", "010100000001", 180000,
    )  # fmt: skip
    assert found.at == 1_784_093_400_000_000  # 15.07.2026 10:30:00 at UTC+5.


@pytest.mark.parametrize(
    ("status", "page", "expected"),
    [
        (200, "<td>ФП: 4228143550</td><td>ИТОГО</td><td>1 800,00 ₸</td>", Found.OK),
        (200, "<b>4228143550</b> 1\u00a0800", Found.OK),
        (200, "<p>Чек не найден</p>", Found.ABSENT),
        (404, "<p>Чек табылмады</p>", Found.ABSENT),
        (200, "<script>var i='4228143550', s='1800.00'</script><div id=app></div>", Found.UNREADABLE),
        (200, "4228143550 сумма 11800,00", Found.UNREADABLE),
        (403, "captcha", Found.UNREADABLE),
        (503, "later", Found.UNREADABLE),
    ],
)
def test_a_page_shows_the_receipt_or_its_absence_or_waits_for_a_person(
    open_pages, operator, pauses, hq, status, page, expected
):
    operator.status, operator.body = status, page.encode()
    said = open_pages(**HERE, pause_s=3.0).check(operator.url)
    assert said.found is expected
    assert (said.page is None) == (expected is Found.OK)
    assert said.page is None or said.page.read_bytes() == page.encode()
    assert pauses == [3.0]
    assert said.imported.state is (State.STOPPED if status >= 500 else State.DONE)
    told = Ledger(hq, lambda: NOW_NS).remarks(said.imported.id)
    assert [one.reason for one in told] == ([] if expected is Found.OK else [f"page-{expected}"])


def test_an_operator_who_is_not_there_is_unreadable_and_asked_again(open_pages, hq):
    said = open_pages(**HERE).check(f"http://127.0.0.1:1/?{QUERY}")
    assert (said.found, said.imported.state, said.page) == (Found.UNREADABLE, State.STOPPED, None)
    again = open_pages(**HERE).check(f"http://127.0.0.1:1/?{QUERY}")
    assert again.imported.id == said.imported.id
