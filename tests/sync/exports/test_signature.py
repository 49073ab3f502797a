"""The signature of a webhook, against values that others computed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from sync.hq.exports.signature import holds, signature

SIGNED = tomllib.loads((Path(__file__).parents[2] / "vectors" / "webhook.toml").read_text("utf-8"))["signed"]
SECRET, BODY = SIGNED["secret"].encode(), SIGNED["body"].encode()
AT = SIGNED["time_s"]


def test_it_is_the_hmac_that_openssl_makes():
    assert signature(SECRET, AT, BODY) == SIGNED["signature"]
    assert holds(SECRET, str(AT), SIGNED["signature"], BODY, AT)


@pytest.mark.parametrize(
    ("secret", "time", "given", "body", "now"),
    [
        (b"other", str(AT), SIGNED["signature"], BODY, AT),
        (SECRET, str(AT + 1), SIGNED["signature"], BODY, AT),
        (SECRET, str(AT), SIGNED["signature"], BODY + b" ", AT),
        (SECRET, str(AT), SIGNED["signature"].removeprefix("v1="), BODY, AT),
        (SECRET, str(AT), "v1=қате", BODY, AT),
        (SECRET, str(AT), SIGNED["signature"], BODY, AT + 301),
        (SECRET, str(AT), SIGNED["signature"], BODY, AT - 301),
        (SECRET, "", SIGNED["signature"], BODY, AT),
        (SECRET, "١٢٣", SIGNED["signature"], BODY, AT),
    ],
    ids=["secret", "time", "body", "version", "text", "old", "early", "no time", "digits"],
)
def test_what_was_changed_or_is_old_does_not_hold(secret, time, given, body, now):
    assert not holds(secret, time, given, body, now)
