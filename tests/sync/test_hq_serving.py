"""The collector served as it is in a chain: TLS on a real socket, certificates of the clients, several processes."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import random
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hq_service import CollectorProcess, token_of

from sync.delivery import DeliveryState, DeliveryWorker
from sync.hq.callers import Credentials
from sync.hq.serving import Serving, ServingUnfit, Tls, run_collector

NOW = dt.datetime.now(dt.UTC)


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = Ed25519PrivateKey.generate()
        self.file = folder / f"{name}.pem"
        constraint = x509.BasicConstraints(ca=True, path_length=0)
        builder = self._builder(self._name, self._key).add_extension(constraint, critical=True)
        usage = x509.KeyUsage(
            digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        certificate = builder.add_extension(usage, critical=True).sign(self._key, None)
        self.file.write_bytes(certificate.public_bytes(Encoding.PEM))

    def _builder(self, subject: x509.Name, key: Ed25519PrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - dt.timedelta(days=1))
            .not_valid_after(NOW + dt.timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )

    def issued(self, name: str) -> tuple[Path, Path]:
        """(certificate, key), and both in one file `NAME-both.pem`."""
        key = Ed25519PrivateKey.generate()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        certificate = self._builder(subject, key).add_extension(address, critical=False).sign(self._key, None)
        files = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        texts = (
            certificate.public_bytes(Encoding.PEM),
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )
        for file, content in zip(files, texts, strict=True):
            file.write_bytes(content)
        (self._folder / f"{name}-both.pem").write_bytes(b"".join(texts))
        return files


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "chain")


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        found: int = probe.getsockname()[1]
    return found


@pytest.fixture
def served(tmp_path: Path, port: int, authority: Authority) -> Iterator[str]:
    """A collector with TLS that wants a certificate of every client."""
    certificate, key = authority.issued("hq")
    options = ["--certificate", str(certificate), "--key", str(key), "--client-ca", str(authority.file)]
    database = f"sqlite:///{tmp_path / 'rows.sqlite'}"
    collector = CollectorProcess(tmp_path, database, ["T1"], port, *options)
    collector.start(wait=False)
    pause = threading.Event()
    while collector.is_alive:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            pause.wait(0.05)
    yield f"https://127.0.0.1:{port}"
    collector.stop()


def _deliver(url: str, journal: Any, tls: ssl.SSLContext) -> DeliveryWorker:
    worker = DeliveryWorker(
        url,
        token_of("T1"),
        journal,
        till="T1",
        now=lambda: 1,
        monotonic=lambda: 0.0,
        sleep=lambda _seconds: None,
        rng=random.Random(1),
        tls=tls,
    )
    for _ in range(2):
        worker.step()
    worker.close()
    return worker


def test_a_till_with_a_certificate_of_the_chain_delivers_over_tls(
    served: str, authority: Authority, tmp_path: Path, new_journal: Any
) -> None:
    authority.issued("till")
    tls = ssl.create_default_context(cafile=authority.file)
    tls.load_cert_chain(tmp_path / "till-both.pem")
    journal = new_journal()
    journal.add(n=1)
    status = _deliver(served, journal, tls).status()
    assert (status.state, status.delivered_ns, status.last_error) == (DeliveryState.OK, 1, "")
    with httpx.Client(verify=tls, trust_env=False) as client:
        assert client.get(f"{served}/healthz").json() == {"status": "ok"}


def test_without_a_certificate_of_the_chain_nobody_speaks_however_good_the_token(
    served: str, authority: Authority, tmp_path: Path, new_journal: Any
) -> None:
    journal = new_journal()
    journal.add(n=1)
    without = ssl.create_default_context(cafile=authority.file)
    foreign = ssl.create_default_context(cafile=authority.file)
    (tmp_path / "foreign").mkdir()
    Authority(tmp_path / "foreign", "foreign").issued("till")
    foreign.load_cert_chain(tmp_path / "foreign" / "till-both.pem")
    for tls in (without, foreign, ssl.create_default_context()):
        status = _deliver(served, journal, tls).status()
        assert (status.state, status.delivered_ns) == (DeliveryState.WAITING, None)


def test_what_cannot_be_served_is_said_before_the_port_is_taken(tmp_path: Path, authority: Authority) -> None:
    database, credentials = f"sqlite:///{tmp_path / 'rows.sqlite'}", Credentials({"T1": "00" * 32})
    certificate, _ = authority.issued("hq")
    _, other_key = authority.issued("other")
    for tls in (Tls(certificate, other_key), Tls(tmp_path / "none", other_key)):
        with pytest.raises(ServingUnfit, match="TLS with"):
            run_collector(Serving(database, credentials, port=0, tls=tls))
    with pytest.raises(ServingUnfit, match="more than one worker needs PostgreSQL"):
        run_collector(Serving("sqlite:///none", credentials, port=0, workers=2))
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ServingUnfit, match="listened on"):
        run_collector(Serving(database, credentials, port=taken.getsockname()[1]))


def test_a_worker_process_that_dies_is_replaced_and_the_others_go_on(
    tmp_path: Path, postgresql: Any, postgresql_url: str, port: int
) -> None:
    collector = CollectorProcess(tmp_path, postgresql_url, ["T1"], port, "--workers", "2")
    collector.start()
    try:
        workers = _workers(collector)
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
        pause = threading.Event()
        while len(set(_workers(collector)) - set(workers)) == 0 and collector.is_alive:
            pause.wait(0.1)
        collector.wait()
        answer = httpx.get(f"{collector.url}/v1/cursor", headers={"Authorization": f"Bearer {token_of('T1')}"})
        assert answer.json()["through"] == 0
    finally:
        collector.stop()


def test_workers_end_with_a_parent_that_is_killed_and_leave_the_port(
    tmp_path: Path, postgresql: Any, postgresql_url: str, port: int
) -> None:
    collector = CollectorProcess(tmp_path, postgresql_url, ["T1"], port, "--workers", "2")
    collector.start()
    workers = [psutil.Process(pid) for pid in _workers(collector)]
    assert len(workers) == 2
    os.kill(collector.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(workers, timeout=60)
    for one in alive:
        one.kill()
    assert alive == []
    collector.kill()
    with socket.create_server(("127.0.0.1", port)):
        """The next one can start."""


def _workers(collector: CollectorProcess) -> list[int]:
    """Those that serve; multiprocessing has helpers of its own."""
    alive = [child for child in psutil.Process(collector.pid).children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child.pid for child in alive if any("spawn_main" in part for part in child.cmdline())]
