"""Second pass: every kind of disagreement on a unit, with its cause, from whole rows of the codes that are looked at.

One cause gives one finding. A mark that never reached the operator is told as that, and not a second time as a unit
that is not withdrawn; a second fiscal document is no second sale; a unit whose earlier sale withdrew it was not
withdrawn "before" its next one.
"""

from __future__ import annotations

import ibis

from sync.hq.finding import COLUMNS, Finding
from sync.hq.kinds import Kind
from sync.hq.reconcile.documents import KEY, RETURN, SALE, Gathered, Stands, believed, documents, standings, with_tills
from sync.hq.reconcile.engine import Engine, Table, Value, number, text
from sync.hq.reconcile.facts import Facts
from sync.hq.reconcile.hot import BLOCKED, GONE, OPEN
from sync.hq.reconcile.pairing import Pairs, damaged, pairs
from sync.hq.witness import UnitStatus

_EMPTY = Finding(Kind.TILL_SILENT, "silent")
_REGISTRY = ("status", "status_at")
_UNIT = tuple(name for name in COLUMNS if name not in ("kind", "cause", "other", "due_at", *_REGISTRY))


def judge(engine: Engine, gathered: Gathered, facts: Facts) -> Table:
    """Findings about units, with the columns of Finding; `day` is a date, `kind` and `cause` are texts."""
    told = documents(gathered.agent, gathered.ofd, gathered.registers)
    docs = engine.keep(believed(told, gathered, trusting=facts.thresholds.trust_where_operator_is_silent))
    stands = standings(engine, gathered.registry, facts.thresholds.skew_us)
    paired = pairs(engine, docs, gathered)
    foreign = engine.keep(_foreign(paired, docs, gathered, facts))
    paired_theirs = paired.differing.select("register", "sign", "operation", ki="other")
    twins = foreign.filter(foreign["kind"] == str(Kind.DUPLICATE_DOCUMENT)).select(
        "ki", "register", "operation", sign="second"
    )
    real = engine.keep(docs.anti_join(paired_theirs, KEY).anti_join(twins, KEY))
    found = [
        *_lost(paired, gathered, facts),
        _differing(paired, docs, stands),
        _finding(paired.unmarked.filter(_must_carry(paired.unmarked, facts)), Kind.FISCAL_WITHOUT_MARK, "mark-missing"),
        _finding(foreign, foreign["kind"], foreign["cause"], other=foreign["other"]),
        _amounts(docs),
        _gtins(docs, stands),
        _twice(engine, real, gathered, facts),
        *_standing_wrong(engine, real, stands, gathered, facts),
        _withdrawn(docs, stands, facts),
    ]
    return _told_status(ibis.union(*found, distinct=False), stands)


# --- the journal's documents that the operator has otherwise, or not at all ---


def _must_carry(lines: Table, facts: Facts) -> Value:
    return ibis.literal(True) if facts.returns_carry_marks else lines["operation"] == SALE


def _lost(paired: Pairs, gathered: Gathered, facts: Facts) -> list[Table]:
    lost, limits = paired.lost, facts.thresholds
    arrived = lost.semi_join(gathered.receipts_theirs, ["register", "sign"])
    missing = lost.anti_join(gathered.receipts_theirs, ["register", "sign"])
    offline = gathered.receipts_ours.filter(gathered.receipts_ours["offline"]).select("register", "sign").distinct()
    offline = offline.mutate(was_offline=ibis.literal(True))
    missing = missing.left_join(offline, ["register", "sign"]).drop("register_right", "sign_right")
    missing = missing.left_join(gathered.operators, "register").drop("register_right")
    age = number(facts.now) - missing["at"]
    due = ibis.ifelse(
        missing["was_offline"].fill_null(False),
        age >= limits.late_us,
        ibis.ifelse(missing["through"].isnull(), age >= limits.operator_grace_us, missing["at"] <= missing["through"]),
    )
    return [
        _finding(missing.filter(due), Kind.SOLD_NOT_FISCALISED, "no-receipt"),
        _finding(arrived.filter(_must_carry(arrived, facts)), Kind.SOLD_NOT_FISCALISED, "line-missing"),
    ]


def _differing(paired: Pairs, docs: Table, stands: Stands) -> Table:
    pair = paired.differing
    lines = paired.ours.join(pair, KEY)
    journal = docs.filter(docs["in_agent"]).select(known="ki")
    standing = stands.newest.filter(~stands.newest["status"].isin([UnitStatus.NOT_FOUND, UnitStatus.UNKNOWN]))
    known = ibis.union(journal, standing.select(known="ki"), distinct=True).mutate(unit=ibis.literal(True))
    lines = lines.left_join(known, lines["other"] == known["known"])
    cause = ibis.ifelse(
        damaged(lines["ki"], lines["other"], lines["unit"].fill_null(False)), text("damaged"), text("other-unit")
    )
    return _finding(lines, Kind.MARK_DIFFERS, cause, other=lines["other"], theirs_tiyn=lines["other_tiyn"])


# --- the operator's documents that the journal lacks ---


def _foreign(paired: Pairs, docs: Table, gathered: Gathered, facts: Facts) -> Table:
    """What the operator alone has. A second document for a sale is named by the first one, `second` being its sign."""
    skew = facts.thresholds.skew_us
    lines = with_tills(paired.foreign, gathered.tills)
    first = docs.filter(docs["in_agent"] & docs["in_ofd"])
    first = first.select(
        "ki",
        "register",
        "operation",
        first_sign="sign",
        first_day="day",
        first_at="at",
        first_shift="shift",
        first_number="number",
        first_tiyn="ours_tiyn",
        first_gtin="gtin",
    )
    twins = lines.join(first, ["ki", "register", "operation"])
    opposite = docs.select("ki", between=docs["at"], opposite=-docs["operation"])
    low, high = ibis.least(twins["at"], twins["first_at"]), ibis.greatest(twins["at"], twins["first_at"])
    twins = twins.mutate(low=low - skew, high=high + skew)
    turned = twins.join(
        opposite,
        [
            twins["ki"] == opposite["ki"],
            twins["operation"] == opposite["opposite"],
            opposite["between"] >= twins["low"],
            opposite["between"] <= twins["high"],
        ],
    )
    twins = twins.anti_join(
        turned.select("ki", "register", "operation", "sign", "first_sign"),
        ["ki", "register", "operation", "sign", "first_sign"],
    )
    order = [(twins["at"] - twins["first_at"]).abs(), twins["first_sign"]]
    nearest = twins.mutate(rank=ibis.row_number().over(group_by=[twins[name] for name in KEY], order_by=order))
    nearest = nearest.filter(nearest["rank"] == 0)
    nearest = nearest.select(
        *KEY, "first_sign", "first_day", "first_at", "first_shift", "first_number", "first_tiyn", "first_gtin"
    )
    lines = lines.left_join(nearest, KEY)
    lines = lines.drop(*(f"{name}_right" for name in KEY))
    cause = ibis.cases(
        (lines["till"] == "", text("unknown-register")),
        (lines["delivered"] < lines["at"] + skew, text("not-delivered-yet")),
        ((lines["doubt"] <= lines["at"] + skew).fill_null(False), text("in-doubt-at-till")),
        (lines["first_sign"].notnull(), text("second-document")),
        else_=text("not-in-journal"),
    )
    lines = lines.mutate(cause=cause, second=lines["sign"])
    twin = lines["cause"] == "second-document"

    def first_or(name: str) -> Value:
        return ibis.ifelse(twin, lines[f"first_{name}"], lines[name])

    return lines.mutate(
        kind=ibis.ifelse(twin, text(Kind.DUPLICATE_DOCUMENT), text(Kind.FISCALISED_NOT_IN_JOURNAL)),
        other=ibis.ifelse(twin, lines["second"], text("")),
        sign=first_or("sign"),
        day=first_or("day"),
        at=first_or("at"),
        shift=first_or("shift"),
        number=first_or("number"),
        gtin=first_or("gtin"),
        ours_tiyn=ibis.ifelse(twin, lines["first_tiyn"], lines["ours_tiyn"]),
    )


# --- documents both have ---


def _amounts(docs: Table) -> Table:
    # 0: his list tells what was sold and the receipt's total, and no sum of each line.
    told = docs["in_agent"] & docs["in_ofd"] & (docs["theirs_tiyn"] != 0)
    both = docs.filter(told & (docs["ours_tiyn"] != docs["theirs_tiyn"]))
    return _finding(both, Kind.AMOUNT_DIFFERS, "line-sum")


def _gtins(docs: Table, stands: Stands) -> Table:
    lines = docs.left_join(stands.newest.select("ki", "gtin_registry"), "ki").drop("ki_right")
    lines = lines.mutate(gtin_registry=lines["gtin_registry"].fill_null(""))
    receipt = (lines["gtin_ours"] != "") & (lines["gtin_theirs"] != "") & (lines["gtin_ours"] != lines["gtin_theirs"])
    registry = (lines["gtin"] != "") & (lines["gtin_registry"] != "") & (lines["gtin"] != lines["gtin_registry"])
    other = ibis.ifelse(receipt, lines["gtin_theirs"], lines["gtin_registry"])
    lines = lines.mutate(other=other).filter(receipt | registry)
    return _finding(lines, Kind.WRONG_GTIN, "gtin-differs", other=lines["other"])


def _twice(engine: Engine, real: Table, gathered: Gathered, facts: Facts) -> Table:
    """Two sales of a unit with no return between them, clocks being what they are; the later one is told."""
    skew = facts.thresholds.skew_us
    sales = real.filter(real["operation"] == SALE)
    window = ibis.window(group_by=sales["ki"], order_by=[sales["at"], sales["register"], sales["sign"]])
    sales = sales.mutate(
        before_at=sales["at"].lag().over(window),
        before_till=sales["till"].lag().over(window),
        before_register=sales["register"].lag().over(window),
    )
    again = engine.keep(sales.filter(sales["before_at"].notnull()))
    returns = real.filter(real["operation"] == RETURN).select("ki", returned_at="at")
    turned = again.join(
        returns,
        [
            again["ki"] == returns["ki"],
            returns["returned_at"] >= again["before_at"] - skew,
            returns["returned_at"] <= again["at"] + skew,
        ],
    )
    again = again.anti_join(turned.select(*KEY), KEY)
    rank = ibis.row_number().over(group_by=again["ki"], order_by=[again["at"], again["register"], again["sign"]])
    again = again.mutate(rank=rank)
    again = with_tills(again.filter(again["rank"] == 0), gathered.tills)
    before = gathered.tills.select(before_till="till", before_shop="shop")
    again = again.left_join(before, "before_till").drop("before_till_right")
    known = (again["till"] != "") & (again["before_till"] != "")
    same = ibis.ifelse(known, again["till"] == again["before_till"], again["register"] == again["before_register"])
    shops = (again["shop"] != "") & (again["before_shop"].fill_null("") != "")
    cause = ibis.cases(
        (same, text("same-till")),
        (shops & (again["shop"] != again["before_shop"]), text("two-shops")),
        else_=text("two-tills"),
    )
    other = ibis.ifelse(again["before_till"] == "", again["before_register"], again["before_till"])
    return _finding(again, Kind.SOLD_TWICE, cause, other=other)


# --- where the registry has units ---


def _standing_wrong(engine: Engine, real: Table, stands: Stands, gathered: Gathered, facts: Facts) -> list[Table]:
    last = engine.keep(_last(real, facts))
    newest = stands.newest.select("ki", "status", "status_at", "observed_at", "told_class")
    asked = last.inner_join(newest, "ki")
    asked = asked.join(gathered.terms, "day")
    sold = (asked["operation"] == SALE) & asked["in_agent"] & (asked["in_ofd"] | asked["believed"])
    after_grace = asked["observed_at"] >= asked["at"] + facts.thresholds.withdrawal_grace_us
    lagging = asked.filter(sold & after_grace & (asked["told_class"] == OPEN))
    unknown = lagging["status"] == str(UnitStatus.NOT_FOUND)
    back = asked.filter((asked["operation"] == RETURN) & (asked["told_class"] == GONE))
    late = number(facts.now) > back["due_at"]
    missing = last.filter((last["operation"] == SALE) & last["in_agent"] & (last["in_ofd"] | last["believed"]))
    missing = missing.filter(missing["at"] <= facts.registry_complete_to).anti_join(newest, "ki")
    missing = missing.join(gathered.terms, "day")
    return [
        _finding(
            lagging,
            Kind.SOLD_NOT_WITHDRAWN,
            ibis.ifelse(unknown, text("not-in-registry"), text("still-in-circulation")),
            due_at=lagging["due_at"],
        ),
        _finding(missing, Kind.SOLD_NOT_WITHDRAWN, "not-in-registry", due_at=missing["due_at"]),
        _finding(
            back,
            ibis.ifelse(late, text(Kind.RETURN_OVERDUE), text(Kind.RETURNED_STILL_WITHDRAWN)),
            ibis.ifelse(late, text("term-over"), text("in-term")),
            due_at=back["due_at"],
        ),
        _blocked(real, stands, facts),
        _expired(real, stands),
    ]


def _last(real: Table, facts: Facts) -> Table:
    """The document that tells where a unit should stand: its last one; of a sale and a return too close for their
    clocks to say which was first, the one that the count of both leaves standing."""
    order = [ibis.desc(real[name]) for name in ("at", "operation", "register", "sign")]
    ranked = real.mutate(
        rank=ibis.row_number().over(group_by=[real["ki"], real["operation"]], order_by=order),
        balance=real["operation"].cast("int64").sum().over(group_by=real["ki"]),
    )
    ends = ranked.filter(ranked["rank"] == 0)
    both = ends.mutate(
        sale_at=ends["at"].max(where=ends["operation"] == SALE).over(group_by=ends["ki"]),
        return_at=ends["at"].max(where=ends["operation"] == RETURN).over(group_by=ends["ki"]),
    )
    apart = both["sale_at"] - both["return_at"]
    close = (apart.abs() < facts.thresholds.skew_us).fill_null(False)
    sold = ibis.ifelse(close, both["balance"] > 0, (apart > 0).fill_null(both["return_at"].isnull()))
    both = both.mutate(standing=ibis.ifelse(sold, SALE, RETURN))
    return both.filter(both["operation"] == both["standing"])


def _blocked(real: Table, stands: Stands, facts: Facts) -> Table:
    """First documents of units, sales that came after the registry had them withdrawn or written off."""
    order = [real["at"], real["operation"], real["register"], real["sign"]]
    ranked = real.mutate(rank=ibis.row_number().over(group_by=real["ki"], order_by=order))
    first = ranked.filter((ranked["rank"] == 0) & (ranked["operation"] == SALE)).drop("rank")
    blocked = [str(one) for one in BLOCKED]
    told = stands.every.join(first.select("ki", sold_at="at"), "ki")
    told = told.filter(told["observed_at"] <= told["sold_at"] - facts.thresholds.skew_us)
    order = [ibis.desc(told[name]) for name in ("observed_at", "told_class", "status", "status_at")]
    told = told.mutate(rank=ibis.row_number().over(group_by=told["ki"], order_by=order))
    told = told.filter(told["rank"] == 0)
    either = ibis.union(
        told.select("ki", "status", "blocked"), stands.newest.select("ki", "status", "blocked"), distinct=True
    )
    either = (
        either.filter(either["status"].isin(blocked))
        .group_by("ki")
        .agg(
            blocked=either["blocked"].min(),
            written_off=(either["status"] == str(UnitStatus.WRITTEN_OFF)).cast("int64").max(),
        )
    )
    sales = first.inner_join(either, "ki")
    sales = sales.filter(sales["blocked"] < sales["at"])
    cause = ibis.ifelse(sales["written_off"] == 1, text("written-off"), text("withdrawn-before"))
    return _finding(sales, Kind.SOLD_AFTER_BLOCK, cause)


def _expired(real: Table, stands: Stands) -> Table:
    sales = real.filter(real["operation"] == SALE).inner_join(stands.newest.select("ki", "expired"), "ki")
    return _finding(sales.filter(sales["expired"] <= sales["at"]), Kind.SOLD_AFTER_EXPIRY, "expired")


def _withdrawn(docs: Table, stands: Stands, facts: Facts) -> Table:
    """Withdrawn, and no sale anywhere. While some till has not delivered up to then, it may be that till's sale."""
    gone = stands.newest.filter(stands.newest["status"] == str(UnitStatus.WITHDRAWN))
    gone = gone.anti_join(docs.filter(docs["operation"] == SALE), "ki")
    when = ibis.ifelse(gone["status_at"] == 0, gone["observed_at"], gone["status_at"])
    heard = min(facts.delivered.values(), default=0)
    gone = gone.filter(
        (when >= facts.known_since) & ((when <= heard) | (number(facts.now) - when >= facts.thresholds.late_us))
    )
    lines = gone.select(
        "ki",
        gtin="gtin_registry",
        day="told_day",
        at=ibis.ifelse(gone["status_at"] == 0, gone["observed_at"], gone["status_at"]),
    )
    return _finding(lines, Kind.WITHDRAWN_NOT_SOLD, "no-sale")


# --- columns ---


def _finding(lines: Table, kind: Kind | Value, cause: str | Value, **other: Value) -> Table:
    chosen = {
        "kind": text(kind) if isinstance(kind, str) else kind,
        "cause": text(cause) if isinstance(cause, str) else cause,
    }
    for name in _UNIT:
        chosen[name] = lines[name] if name in lines.columns else ibis.literal(getattr(_EMPTY, name))
    chosen |= {"other": text(""), "due_at": number(0), **other}
    numbers = ("shift", "number", "at", "ours_tiyn", "theirs_tiyn", "due_at")
    return lines.select(**{name: one.cast("int64") if name in numbers else one for name, one in chosen.items()})


def _told_status(found: Table, stands: Stands) -> Table:
    newest = stands.newest.select("ki", "status", "status_at")
    told = found.left_join(newest, "ki").drop("ki_right")
    told = told.mutate(status=told["status"].fill_null(""), status_at=told["status_at"].fill_null(number(0)))
    return told.select(*COLUMNS)
