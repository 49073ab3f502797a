"""The signature of headquarters' webhooks, and the headers that carry it. Pure.

X-Hq-Time: 1795496137
X-Hq-Signature: v1=HEX
"""

from __future__ import annotations

from sync.hook_signature import AGE_S_MAX, VERSION, holds, signature

TIME_HEADER = "X-Hq-Time"
SIGNATURE_HEADER = "X-Hq-Signature"

__all__ = ["AGE_S_MAX", "SIGNATURE_HEADER", "TIME_HEADER", "VERSION", "holds", "signature"]
