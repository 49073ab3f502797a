"""A seeded generator of a shop's goods and marking codes, independent of the product's own code."""

from hw_sim.registry.gs1 import check_digit, sscc
from hw_sim.registry.shop import (
    CODE_COLUMNS,
    DEFAULT_AT_NS,
    FOREIGN_TIN,
    OWN_TIN,
    PRODUCT_COLUMNS,
    Fate,
    Mark,
    Product,
    Shop,
    as_csv,
    make_shop,
)

__all__ = [
    "CODE_COLUMNS",
    "DEFAULT_AT_NS",
    "FOREIGN_TIN",
    "OWN_TIN",
    "PRODUCT_COLUMNS",
    "Fate",
    "Mark",
    "Product",
    "Shop",
    "as_csv",
    "check_digit",
    "make_shop",
    "sscc",
]
