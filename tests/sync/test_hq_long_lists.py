"""A page of a long list of exceptions is read off an index: nothing sorts what nobody looks at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.dialects import postgresql as dialect

from sync.hq.pages.filters import PAGE_ROWS, SORTS, Filter
from sync.hq.pages.queries.exceptions import listed, ordered
from sync.hq.pages.tables import create_tables

CASES = 20_000
MANY = """
INSERT INTO hq_exception (
    kind, subject, state, severity, cause, ki, gtin, day, region, shop, till, register, shift, number, sign, at,
    ours_tiyn, theirs_tiyn, other, status, status_at, due_at, owner, first_seen_ns, last_seen_ns, run
) SELECT
    'amount-differs', n, CASE WHEN n % 10 < 8 THEN 'open' ELSE 'healed' END, 'high', 'cause-' || n % 40, md5(n::text),
    '04870000000111', date '2026-11-01' + (n % 30)::int, 'r', 'shop-' || n % 50, 't', 'R', 1, n, n, 0,
    n * 7919 % 10000, n * 4729 % 10000, '', '', 0, n * 31 % 1009, '', n * 17 % 1013, 0, 1
FROM generate_series(1::bigint, :cases) n
"""


@pytest.fixture
def many(postgresql: Engine) -> Engine:
    create_tables(postgresql)
    with postgresql.begin() as db:
        db.execute(text(MANY), {"cases": CASES})
    with postgresql.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("VACUUM ANALYZE hq_exception"))
    return postgresql


def test_tables_are_made_as_often_as_somebody_starts(engine: Engine) -> None:
    create_tables(engine)
    create_tables(engine)


@pytest.mark.parametrize("narrowed", [{}, {"shop": "shop-7"}, {"cause": "cause-3"}, {"severity": ("low",)}], ids=str)
@pytest.mark.parametrize("sort", SORTS)
def test_no_page_of_a_list_sorts_the_whole(many: Engine, sort: str, narrowed: dict[str, Any]) -> None:
    chosen = replace(Filter(), sort=sort, **narrowed)
    with many.connect() as db:
        page = (
            ordered(chosen).limit(PAGE_ROWS).compile(dialect=dialect.dialect(), compile_kwargs={"literal_binds": True})
        )
        plan = "\n".join(line for (line,) in db.exec_driver_sql(f"EXPLAIN {page}".replace("%", "%%")))
        assert "hq_exception_" in plan and "Seq Scan" not in plan, plan
        assert narrowed or "Sort" not in plan, plan
        rows = [row["id"] for row in listed(db, chosen)]
    assert len(rows) == (0 if "severity" in narrowed else PAGE_ROWS)
