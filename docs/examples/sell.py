"""Sell one marked unit: open a sale, scan, pay. Python 3.8 or newer, nothing to install.

POS=http://127.0.0.1:8765 TOKEN=... python sell.py 'CODE AS SCANNED'
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

POS, TOKEN = os.environ.get("POS", "http://127.0.0.1:8765"), os.environ["TOKEN"]
KEPT = Path(os.environ.get("KEPT", "payment.json"))  # What must survive a crash of this program.


class Refused(Exception):
    """A problem of the agent: decide by `code` and `retry`, show `title`, log `detail`."""

    def __init__(self, problem):
        super().__init__(f"{problem['code']}: {problem['title']} [{problem['detail']}]")
        self.problem = problem


def call(path, body, key):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", "Idempotency-Key": key}
    headers["Accept-Language"] = "ru"
    request = urllib.request.Request(POS + path, body.encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Refused(json.load(error)) from None


def sell(code):
    sale = call("/v1/sales", json.dumps({"cashier": "Айгүл С."}), str(uuid.uuid4()))["sale"]
    scan = call(f"/v1/sales/{sale}/scans", json.dumps({"code": code}), str(uuid.uuid4()))
    if scan["verdict"]["decision"] != "allow":
        call(f"/v1/sales/{sale}/cancellation", json.dumps({"why": "refused"}), str(uuid.uuid4()))
        raise SystemExit(f"{scan['verdict']['reason']}: {scan['verdict']['messages']['ru']}")
    payment = {"payments": [{"kind": "cash", "sum_tiyn": scan["line"]["amount_tiyn"]}]}
    # Key and body are kept before the money is: whatever breaks now, the very same call is sent again.
    kept = {"path": f"/v1/sales/{sale}/payment", "body": json.dumps(payment), "key": str(uuid.uuid4())}
    KEPT.write_text(json.dumps(kept))
    return pay(kept)


def pay(kept):
    for pause_s in (1, 2, 5, 10, 30, 0):
        try:
            paid = call(kept["path"], kept["body"], kept["key"])
        except Refused as refused:
            if not refused.problem["retry"]:
                if refused.problem["code"][0] in "TR":
                    KEPT.unlink()  # Final: another try needs a new key.
                raise  # P and S (a changed token, a journal that failed) say nothing of what an earlier try made.
            print(refused, file=sys.stderr)
        except OSError as error:  # No answer at all: the sale may have been made, so only this call may be repeated.
            print(error, file=sys.stderr)
        else:
            KEPT.unlink()
            return paid
        time.sleep(pause_s)
    raise SystemExit("not decided yet: start me again, and do not ring it up anew")


if __name__ == "__main__":
    try:
        receipt = pay(json.loads(KEPT.read_text())) if KEPT.exists() else sell(sys.argv[1])
    except Refused as refused:
        raise SystemExit(str(refused)) from None
    print(receipt["document"]["number"], receipt["document"]["fiscal_sign"])
