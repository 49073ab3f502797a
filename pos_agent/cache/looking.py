"""How full and how old the cache is, group by group and import by import. Reads whole tables: for a page."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from pos_agent.cache.schema import code_status, facts, product
from pos_agent.cache.store import FACTS, Cache

IMPORTS_MAX = 20
_GTIN = FACTS.index("gtin")


@dataclass(frozen=True, slots=True)
class GroupAge:
    """Goods and codes of one product group; times are UTC nanoseconds."""

    group: str | None  # None: goods that are not marked, and codes of goods the shop does not have.
    products: int = 0
    products_oldest_ns: int | None = None
    products_newest_ns: int | None = None
    codes: int = 0
    codes_oldest_ns: int | None = None
    codes_newest_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Import:
    at_ns: int
    products: int


def by_group(cache: Cache) -> tuple[GroupAge, ...]:
    """In order of the group's key, goods without one last. Raises CacheError."""
    with cache.reading() as connection:
        goods = connection.execute(
            select(product.c.group_key, func.count(), func.min(product.c.at_ns), func.max(product.c.at_ns)).group_by(
                product.c.group_key
            )
        ).all()
        # The GTIN stands among the facts that many codes share, so this joins some thousand rows and no millions.
        gtin = func.json_extract(facts.c.body, f"$[{_GTIN}]").label("gtin")
        shared = (
            select(
                gtin,
                func.count().label("codes"),
                func.min(code_status.c.at_ns).label("oldest"),
                func.max(code_status.c.at_ns).label("newest"),
            )
            .join(code_status, code_status.c.facts_id == facts.c.id)
            .group_by(facts.c.id)
            .subquery()
        )
        codes = connection.execute(
            select(product.c.group_key, func.sum(shared.c.codes), func.min(shared.c.oldest), func.max(shared.c.newest))
            .select_from(shared.outerjoin(product, product.c.key == shared.c.gtin))
            .group_by(product.c.group_key)
        ).all()
    known = {row[0]: tuple(row[1:]) for row in goods}
    coded = {row[0]: tuple(row[1:]) for row in codes}
    names = sorted(known.keys() | coded.keys(), key=lambda name: (name is None, name or ""))
    nothing = (0, None, None)
    return tuple(GroupAge(name, *known.get(name, nothing), *coded.get(name, nothing)) for name in names)


def imports(cache: Cache) -> tuple[Import, ...]:
    """Imports of goods by the rows that are left of each, the newest first. Raises CacheError."""
    statement = (
        select(product.c.at_ns, func.count())
        .group_by(product.c.at_ns)
        .order_by(product.c.at_ns.desc())
        .limit(IMPORTS_MAX)
    )
    with cache.reading() as connection:
        return tuple(Import(at_ns, count) for at_ns, count in connection.execute(statement))
