"""Numbers of goods as registers want them. Pure."""

from __future__ import annotations

GTIN_DIGITS = 14


def barcode(gtin: str) -> str:
    """A GTIN as the barcode on the pack: 14 digits that begin with six zeros are an EAN-8, with one an EAN-13.

    Any other comes back as it is. Source: GS1 General Specifications, 3.2.4 (a GTIN is padded with zeros).
    """
    if len(gtin) != GTIN_DIGITS:
        return gtin
    if gtin.startswith("000000"):
        return gtin[6:]
    return gtin[1:] if gtin.startswith("0") else gtin
