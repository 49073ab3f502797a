"""The demo shop's configuration and its first import into the cache."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from hw_sim.registry import CODE_COLUMNS, PRODUCT_COLUMNS, Shop
from hw_sim.world import ISMPT_LOGIN, WEBKASSA_LOGIN
from marking.groups import standard
from pos_agent.cache.importing import Kind, import_file
from pos_agent.cache.lines import BadRow
from pos_agent.cache.rows import Context
from pos_agent.cache.store import Cache
from pos_agent.config import Config, from_mapping

TILL = "demo-1"
CASHBOX = "SWK00000001"
REGISTER_HOST, ISMPT_HOST, HQ_HOST = "devkkm.webkassa.kz", "test.markirovka.kz", "hq.demo.test"
HQ_TOKEN = "demo-till-token"  # noqa: S105 - of a headquarters that lives in this process
API_TOKEN = "demo"  # noqa: S105 - of an API on loopback with nothing real behind it
# The simulated shop states a rate, a catalogue of ours names a class.
VAT_CLASSES: Mapping[str, str] = {"16": "base", "10": "periodical", "5": "medicine", "0": "zero", "none": "none"}
CATALOGUE_NAMES: Mapping[str, str] = {"unit_code": "unit", "vat_class": "vat", "price_tenge": "price"}

SECRETS: Mapping[str, str] = {
    "env:DEMO_REGISTER_PASSWORD": WEBKASSA_LOGIN[1],
    "env:DEMO_REGISTER_KEY": "sim-api-key",
    "env:DEMO_ISMPT_PASSWORD": ISMPT_LOGIN[1],
    "env:DEMO_HQ_TOKEN": HQ_TOKEN,
    "env:DEMO_API_TOKEN": API_TOKEN,
}


def configuration(
    folder: Path,
    *,
    register_url: str = f"webkassa+https://{REGISTER_HOST}",
    ismpt_url: str = f"https://{ISMPT_HOST}",
    hq_url: str = f"https://{HQ_HOST}",
    scanners: Sequence[Mapping[str, str]] = (),
    printer_url: str = "",
    api_port: int = 0,
    every_s: float = 5.0,
    recheck_after_s: Sequence[float] = (600.0, 3_600.0, 21_600.0, 86_400.0),
) -> Config:
    """A till as store IT would set it up, with the demo's own secrets."""
    return from_mapping(
        {
            "till": {"name": TILL, "data": str(folder), "cashier": "Айгүл С."},
            "register": {
                "url": f"{register_url}?cashbox={CASHBOX}&login={WEBKASSA_LOGIN[0]}",
                "secrets": {
                    "webkassa_password": "env:DEMO_REGISTER_PASSWORD",
                    "webkassa_api_key": "env:DEMO_REGISTER_KEY",
                },
            },
            "ismpt": {
                "url": ismpt_url,
                "login": ISMPT_LOGIN[0],
                "password": "env:DEMO_ISMPT_PASSWORD",
                "recheck_after_s": list(recheck_after_s),
            },
            "sync": {"url": hq_url, "token": "env:DEMO_HQ_TOKEN", "every_s": every_s},
            "scanners": [dict(scanner) for scanner in scanners],
            "printer": {"url": printer_url},
            "api": {"port": api_port, "clients": [{"name": "demo", "token": "env:DEMO_API_TOKEN"}]},
        },
        "demo",
    )


def stock_cache(cache: Cache, shop: Shop, now_ns: int) -> None:
    """Import catalogue and code list the way a shop does: two files, all or nothing."""
    products = [_catalogue_row(row) for row in shop.product_rows()]
    context = Context(standard(), now_ns)
    for kind, rows, columns in (
        (Kind.CATALOGUE, products, [CATALOGUE_NAMES.get(name, name) for name in PRODUCT_COLUMNS]),
        (Kind.STATUSES, shop.code_rows(), CODE_COLUMNS),
    ):
        mistakes: list[BadRow] = []
        import_file(cache, _as_file(rows, columns), context, kind=kind, on_bad=mistakes.append)
        if mistakes:
            raise ValueError(f"the demo's own {kind} file has a mistake: {mistakes[0]}")


def _catalogue_row(row: Mapping[str, str]) -> dict[str, str]:
    """A row of the simulated shop under the column names of our import."""
    renamed = {CATALOGUE_NAMES.get(name, name): value for name, value in row.items()}
    return {**renamed, "vat": VAT_CLASSES[row["vat_class"]]}


def _as_file(rows: Iterable[Mapping[str, str]], columns: Sequence[str]) -> io.BytesIO:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return io.BytesIO(text.getvalue().encode())
