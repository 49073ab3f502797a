"""First pass by hand in Polars: the rule of sync.hq.reconcile.hot once more, for speed. Tests hold both together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from sync.hq.lake.keys import Fingerprints
from sync.hq.reconcile.engine import DAY_US, LOCAL_MIDNIGHT_US
from sync.hq.reconcile.hot import (
    BLOCKED,
    CLASS_OF,
    CLASSES,
    GONE,
    HARMLESS,
    LINE_COLUMNS,
    OPEN,
    STANDING_COLUMNS,
    Limits,
)

_BLOCKED = [str(one) for one in BLOCKED]
_CLASS_OF = {str(status): value for status, value in CLASS_OF.items()}
_TEXTS = frozenset({"gtin", "status"})


def dirty(files: Mapping[str, Sequence[Path]], limits: Limits) -> Fingerprints:
    """Fingerprints of the codes that do not pass, of tables `agent`, `ofd` and `registry` as the lake lists them."""
    told = pl.concat(
        [
            _lines(_read(files["agent"], LINE_COLUMNS), ours=1),
            _lines(_read(files["ofd"], LINE_COLUMNS), ours=0),
            _standings(_read(files["registry"], STANDING_COLUMNS), limits.skew),
        ],
        how="diagonal",
    )
    units = told.group_by("fp").agg(
        pl.col("ours").sum(),
        pl.col("theirs").sum(),
        pl.col("operation").sum(),
        *(pl.col(name).min().alias(f"{name}_low") for name in ("rfp", "sum_tiyn", "gtin", "at")),
        *(pl.col(name).max().alias(f"{name}_high") for name in ("rfp", "sum_tiyn", "gtin", "at")),
        pl.col("newest").max(),
        pl.col("blocked").min(),
        pl.col("expired").min(),
    )
    sold = (pl.col("ours") > 0) | (pl.col("theirs") > 0)
    held = pl.when(sold).then(_against_sale(limits)).otherwise(pl.col("newest") % CLASSES == GONE)
    return units.filter(held.fill_null(True)).select("fp").collect()["fp"].to_numpy()


def _read(files: Sequence[Path], columns: Sequence[str]) -> pl.LazyFrame:
    if not files:
        return pl.LazyFrame(schema={name: pl.String() if name in _TEXTS else pl.Int64() for name in columns})
    return pl.scan_parquet(list(files), hive_partitioning=False, glob=False).select(columns)


def _against_sale(limits: Limits) -> pl.Expr:
    newest, at = pl.col("newest"), pl.col("at_low")
    return (
        (pl.col("ours") != 1)
        | (pl.col("theirs") != 1)
        | (pl.col("operation") != 2)
        | (pl.col("rfp_low") != pl.col("rfp_high"))
        | (pl.col("sum_tiyn_low") != pl.col("sum_tiyn_high"))
        | (pl.col("gtin_low") != pl.col("gtin_high")).fill_null(False)
        | ((newest % CLASSES == OPEN) & (newest >= (at + limits.grace) * CLASSES)).fill_null(False)
        | (newest.is_null() & (at <= limits.complete_to))
        | (pl.col("blocked") < pl.col("at_high")).fill_null(False)
        | (pl.col("expired") <= pl.col("at_high")).fill_null(False)
    )


def _gtin() -> pl.Expr:
    """GTINs as numbers of this run: only whether they are equal matters."""
    return pl.when(pl.col("gtin") != "").then(pl.col("gtin").hash())


def _lines(lines: pl.LazyFrame, *, ours: int) -> pl.LazyFrame:
    return lines.filter(pl.col("fp") != pl.col("rfp")).select(
        "fp",
        pl.lit(ours, pl.Int32()).alias("ours"),
        pl.lit(1 - ours, pl.Int32()).alias("theirs"),
        pl.col("operation").cast(pl.Int32()),
        "rfp",
        "at",
        "sum_tiyn",
        _gtin(),
    )


def _standings(stands: pl.LazyFrame, skew: int) -> pl.LazyFrame:
    status, status_at, expires_at = pl.col("status"), pl.col("status_at"), pl.col("expires_at")
    known = status_at != 0
    since = pl.when(known).then(status_at).otherwise(pl.col("observed_at"))
    slack = pl.when(known & _only_date(status_at)).then(DAY_US).otherwise(skew)
    told_class = status.replace_strict(_CLASS_OF, default=HARMLESS, return_dtype=pl.Int64())
    return stands.select(
        "fp",
        pl.lit(0, pl.Int32()).alias("ours"),
        pl.lit(0, pl.Int32()).alias("theirs"),
        pl.lit(0, pl.Int32()).alias("operation"),
        _gtin(),
        (pl.col("observed_at") * CLASSES + told_class).alias("newest"),
        pl.when(status.is_in(_BLOCKED)).then(since + slack).alias("blocked"),
        pl.when(expires_at != 0)
        .then(pl.when(_only_date(expires_at)).then(expires_at + DAY_US).otherwise(expires_at))
        .alias("expired"),
    )


def _only_date(at: pl.Expr) -> pl.Expr:
    rest = at % DAY_US
    return (rest == 0) | (rest == LOCAL_MIDNIGHT_US)
