"""Requests signed with a till's key, and what headquarters takes under it."""

from __future__ import annotations

import random
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import Engine

from sync.batch import Batch, encode
from sync.delivery import DeliveryState, DeliveryWorker
from sync.hq.inprocess import CollectorTransport
from sync.hq.store import Collector
from sync.signing import KeyInvalid, Signer, claimed, is_signed, key_id, read_public

# RFC 8032, section 7.1, test 1: the key pair.
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
BODY = b"packed rows"


@pytest.fixture
def signer() -> Signer:
    return Signer.from_seed(SEED)


def test_a_key_is_the_one_of_the_standard_and_survives_its_file(signer: Signer) -> None:
    assert signer.public == PUBLIC
    assert Signer.from_pem(signer.pem()).public == PUBLIC
    assert read_public(signer.public_text()) == PUBLIC


def test_a_signature_holds_for_its_own_request_alone(signer: Signer) -> None:
    claim = claimed(signer.authorization("POST", "/v1/batches", BODY))
    assert claim is not None
    named, signature = claim
    assert named == key_id(PUBLIC)
    assert is_signed(PUBLIC, signature, "POST", "/v1/batches", BODY)
    other = Signer.from_seed(bytes(32)).public
    for public, method, path, body in [
        (PUBLIC, "GET", "/v1/batches", BODY),
        (PUBLIC, "POST", "/v1/heartbeat", BODY),
        (PUBLIC, "POST", "/v1/batches?x", BODY),
        (PUBLIC, "POST", "/v1/batches", BODY + b" "),
        (other, "POST", "/v1/batches", BODY),
        (b"\xff" * 32, "POST", "/v1/batches", BODY),
    ]:
        assert not is_signed(public, signature, method, path, body)


@pytest.mark.parametrize(
    "header", ["", "Bearer abc", "Ed25519", "Ed25519 abc", "Ed25519 abc:", "Ed25519 abc:!!", "Ed25519 abc:QUJD"]
)
def test_a_header_that_is_no_signature_claims_nothing(header: str) -> None:
    assert claimed(header) is None


def test_what_is_no_key_is_refused_without_being_quoted(signer: Signer) -> None:
    foreign = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for text in ("", "swordfish", signer.pem().replace("M", "N"), foreign.decode()):
        with pytest.raises(KeyInvalid) as caught:
            Signer.from_pem(text)
        assert text == "" or text not in str(caught.value)
    for text in ("", PUBLIC.hex(), "ed25519:" + "AB" * 32):
        with pytest.raises(KeyInvalid):
            read_public(text)


def _line(collector: Collector, *signers: Signer) -> CollectorTransport:
    return CollectorTransport(collector, {}, keys={"T1": [signer.public_text() for signer in signers]})


def _worker(journal: Any, line: CollectorTransport, signer: Signer) -> DeliveryWorker:
    return DeliveryWorker(
        "http://hq",
        signer,
        journal,
        till="T1",
        transport=line,
        now=lambda: 1,
        monotonic=lambda: 0.0,
        sleep=lambda _seconds: None,
        rng=random.Random(1),
    )


def test_a_till_delivers_with_its_key_and_a_stranger_does_not(sqlite: Engine, new_journal: Any, signer: Signer) -> None:
    journal = new_journal()
    row = journal.add(n=1)
    collector = Collector(sqlite, lambda: 1)
    old = Signer.from_seed(bytes(32))
    worker = _worker(journal, _line(collector, old, signer), signer)
    worker.step()
    assert worker.step().sent == 1
    assert [held.hash for held in collector.rows("T1")] == [row.hash]
    stranger = _worker(journal, _line(collector, signer), old)
    stranger.step()
    assert stranger.status().state is DeliveryState.REFUSED


def test_a_request_that_is_repeated_by_another_hand_does_no_harm(
    sqlite: Engine, new_journal: Any, signer: Signer
) -> None:
    body = encode(Batch("T1", (new_journal().add(n=1),)))
    collector = Collector(sqlite, lambda: 1)
    heard = {"Authorization": signer.authorization("POST", "/v1/batches", body), "Content-Encoding": "gzip"}
    with httpx.Client(transport=_line(collector, signer), base_url="http://hq") as client:
        for _ in range(2):
            assert client.post("/v1/batches", content=body, headers=heard).status_code == 200
        changed = client.post("/v1/batches", content=body + b" ", headers=heard)
        assert (changed.status_code, changed.json()["kind"]) == (401, "token")
        asked = "/v1/tills/T1/rows"
        rows = client.get(asked, headers={"Authorization": signer.authorization("GET", asked, b"")})
        assert (rows.status_code, rows.json()["kind"]) == (403, "key")
    assert [row.number for row in collector.rows("T1")] == [1]
