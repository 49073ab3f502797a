"""What doctor says of servers: names, connections, certificates, logins. Real sockets, certificates made here."""

from __future__ import annotations

import datetime as dt
import ipaddress
import random
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hw_sim.http import serve
from hw_sim.world import ISMPT_LOGIN
from hw_sim.world import World as SimWorld
from pos_agent.config import Config, from_mapping
from pos_agent.doctor.checks import CHECKS
from pos_agent.doctor.edge import Edge
from pos_agent.doctor.facts import ConfigFacts, EndpointFacts, Facts
from pos_agent.doctor.gather_outside import endpoint_facts
from pos_agent.doctor.verdict import State, judged


def certificate(folder: Path, begins_in: dt.timedelta, ends_in: dt.timedelta) -> Path:
    """One of our own for 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "made for a test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins_in)
        .not_valid_after(now + ends_in)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "office.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


class Office(BaseHTTPRequestHandler):
    """Headquarters that takes one token."""

    def do_HEAD(self) -> None:
        self.send_response(404)
        self.end_headers()

    def do_GET(self) -> None:
        known = self.headers.get("Authorization") == "Bearer right"
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_args: Any) -> None:
        """Nothing on the terminal."""


@contextmanager
def office(pem: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with ThreadingHTTPServer(("127.0.0.1", 0), Office) as server:
        server.handle_error = lambda *_args: None  # type: ignore[method-assign] # A client that turns away is expected.
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join(10)


def configured(**sections: dict[str, Any]) -> Config:
    return from_mapping(sections, environment={})


def at_office(port: int, ca_file: str = "", token: str = "env:T") -> Config:  # noqa: S107 - a reference
    return configured(sync={"url": f"https://127.0.0.1:{port}", "token": token, "ca_file": ca_file})


def looked(config: Config, token: str = "right") -> tuple[Facts, dict[str, tuple[State, dict[str, Any]]]]:  # noqa: S107
    endpoints = endpoint_facts(config, Edge(secret=lambda _reference: token, network_s=20))
    facts = Facts(time.time_ns(), ConfigFacts("agent.toml", True, config=config), endpoints=endpoints)
    lines = judged(CHECKS, facts)
    return facts, {line.check.id: (line.outcome.state, dict(line.outcome.values)) for line in lines}


DAY = dt.timedelta(days=1)


def test_a_certificate_that_ends_soon_is_a_warning_and_a_wrong_token_a_failure(tmp_path: Path) -> None:
    pem = certificate(tmp_path, -DAY, 5 * DAY)
    with office(pem) as port:
        _, well = looked(at_office(port, str(pem)))
        _, wrong = looked(at_office(port, str(pem)), token="another")
    assert (well["D-502"][0], well["D-504"][0]) == (State.OK, State.OK)
    assert (well["D-503"][0], well["D-503"][1]["days"]) == (State.WARNING, 4)
    assert (wrong["D-504"][0], "401" in wrong["D-504"][1]["reason"]) == (State.FAILURE, True)
    assert well["D-119"][0] is State.OK


def test_a_certificate_that_has_ended_or_is_not_trusted_is_told_as_such(tmp_path: Path) -> None:
    for begins, ends, trusted, words in (
        (-9 * DAY, -DAY, True, "expired"),
        (-DAY, 90 * DAY, False, "self-signed"),
        (DAY, 9 * DAY, True, "not yet valid"),
    ):
        pem = certificate(tmp_path, begins, ends)
        with office(pem) as port:
            _, found = looked(at_office(port, str(pem) if trusted else ""))
        assert (found["D-502"][0], words in found["D-502"][1]["reason"]) == (State.FAILURE, True), found["D-502"]
        assert found["D-504"][0] is State.SKIPPED


def test_a_name_without_an_address_and_a_port_without_a_server(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    _, found = looked(configured(sync={"url": "https://hq.invalid", "token": "env:T"}))
    assert (found["D-501"][0], found["D-501"][1]["host"]) == (State.FAILURE, "hq.invalid")
    _, found = looked(at_office(port))
    assert (found["D-502"][0], "refused" in found["D-502"][1]["reason"].lower()) == (State.FAILURE, True)


@pytest.mark.parametrize(("password", "state"), [(ISMPT_LOGIN[1], State.OK), ("forgotten", State.FAILURE)])
def test_the_login_of_the_registry_is_tried_and_its_clock_compared(password: str, state: State) -> None:
    sim = SimWorld(time.time_ns, random.Random(1), codes=5)
    with serve(sim.ismpt) as server:
        config = configured(ismpt={"url": server.url, "login": ISMPT_LOGIN[0], "password": "env:P"})
        facts, found = looked(config, token=password)
    (endpoint,) = facts.endpoints
    assert (found["D-502"][0], found["D-504"][0]) == (State.OK, state), endpoint


def test_the_middle_clock_of_three_servers_counts() -> None:
    def at(ahead_s: float) -> EndpointFacts:
        return EndpointFacts("hq", "h", 443, True, ahead_s=ahead_s)

    facts = Facts(time.time_ns(), ConfigFacts("a", True, config=configured()), endpoints=(at(-400), at(1), at(2)))
    line = next(line for line in judged(CHECKS, facts) if line.check.id == "D-119")
    assert line.outcome.state is State.OK
