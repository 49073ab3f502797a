"""Draws docs/headquarters/*.png: the pages of headquarters over a chain made by hand, in Russian and Kazakh.

The clock stands still and the data come from tests/support/hq_chain.py, so that a picture changes only with the pages.
Run inside the virtual environment, with Chromium on the machine: .venv/bin/python script/draw_pages.py [NAME ...]
"""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import uvicorn

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

import hq_chain  # noqa: E402 -- lies with the tests, whose chain the pictures show.
from real_browser import chromium, keep_picture  # noqa: E402

from sync.hq.engine import open_engine  # noqa: E402
from sync.hq.lake.layout import Lake  # noqa: E402
from sync.hq.pages.app import create_pages  # noqa: E402
from sync.hq.pages.settings import PagesSettings  # noqa: E402

FOLDER = ROOT / "docs" / "headquarters"
PASSWORD = "only for the pictures"  # noqa: S105 -- of a database that lives as long as this script.
COLOURS = 64  # Flat pages lose nothing, and the files stay small.

# name -> (language, address)
DRAWINGS: Mapping[str, tuple[str, str]] = {
    "sign-in-kk": ("kk", ""),
    "fleet-ru": ("ru", "/fleet"),
    "fleet-kk": ("kk", "/fleet"),
    "till-ru": ("ru", f"/fleet/{hq_chain.TILLS[4][0]}"),
    "reconciliation-ru": ("ru", "/reconciliation"),
    "reconciliation-kk": ("kk", "/reconciliation?shop=almaty-01"),
    "exceptions-ru": ("ru", "/exceptions"),
    "exceptions-kk": ("kk", "/exceptions?kind=sold-not-withdrawn&sort=due"),
    "case-ru": ("ru", "/exceptions/1"),
    "case-kk": ("kk", "/exceptions/1"),
    "unit-ru": ("ru", f"/unit?code={hq_chain.ki(1)}"),
    "document-new-ru": ("ru", "/documents/new?exceptions=1,2,3,9"),
    "imports-kk": ("kk", "/imports/3"),
    "coverage-ru": ("ru", "/coverage"),
    "accounts-ru": ("ru", "/accounts"),
    "audit-kk": ("kk", "/audit"),
}


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, str]]:
    """(address of the pages, cookie of an administrator)."""
    engine = open_engine(f"sqlite:///{folder / 'hq.sqlite'}")
    lake = Lake(folder / "lake")
    hq_chain.fill_lake(lake, "Сүт «Айналайын» 2,5 % 1 л")
    listener = socket.create_server(("127.0.0.1", 0))
    host = f"127.0.0.1:{listener.getsockname()[1]}"
    settings = PagesSettings("Дүкен Plus", frozenset({host}), secure=False)
    app = create_pages(engine, settings, hq_chain.ports(engine, lake), now=lambda: hq_chain.NOW_NS)
    accounts = app.state.office.accounts
    for name, full_name, role in (("aigerim", "Айгерім Сәрсен", "controller"), ("daniyar", "Данияр Ахмет", "viewer")):
        accounts.create(name, full_name, role, PASSWORD, by="erlan", address="10.0.0.5")
    accounts.create("erlan", "Ерлан Жұмабай", "administrator", PASSWORD, by="", address="")
    hq_chain.fill(engine)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://{host}", accounts.sign_in("erlan", PASSWORD, "10.0.0.5")
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
        engine.dispose()


def draw(names: list[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder)) as (url, cookie),
        chromium() as browser,
    ):
        for name in names:
            language, path = DRAWINGS[name]
            context = browser.new_context(viewport={"width": 1366, "height": 768}, base_url=url)
            page = context.new_page()
            page.goto(f"/sign-in?lang={language}")
            if path:
                context.add_cookies([{"name": "hq", "value": cookie, "url": url}])
                page.goto("/me")
                page.click(f"button.language[value={language}]")
                page.goto(path)
            page.evaluate("document.activeElement.blur()")
            keep_picture(page, FOLDER / f"{name}.png", COLOURS)
            context.close()


def main() -> int:
    options = argparse.ArgumentParser(description="Draw the pages of docs/headquarters.")
    options.add_argument("names", nargs="*", metavar="NAME", help=f"all when none is given: {', '.join(DRAWINGS)}")
    chosen = options.parse_args().names or list(DRAWINGS)
    unknown = [name for name in chosen if name not in DRAWINGS]
    if unknown:
        sys.stderr.write(f"no such picture: {', '.join(unknown)}\n")
        return 1
    draw(chosen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
