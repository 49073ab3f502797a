"""Sells one unit and begins to tell of it; the receiver never answers, and whoever started this kills it."""

from __future__ import annotations

import sys
from pathlib import Path

from shop_till import ShopTill

from pos_agent.config import WebhookSection


def main(folder: str, url: str) -> None:
    till = ShopTill(Path(folder), webhooks=[WebhookSection(name="erp", url=url, secret="env:HOOK_SECRET")])
    till.sold()
    till.agent.hooks[0].step()


if __name__ == "__main__":
    main(*sys.argv[1:])
