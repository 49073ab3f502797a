"""The hostile line: what it does to bytes is random, repeatable and written down."""

import random
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_sim.line import Damage, Harm, HostileLine, MemoryPair, Weather
from hw_sim.line_socket import SocketRelay

TEXT = bytes(range(256)) * 4


def arrived(line: HostileLine, data: bytes) -> bytes:
    return b"".join(piece.data for piece in line.carry(data))


@given(st.lists(st.binary(max_size=60)), st.integers(0, 999), st.integers(1, 9))
def test_cutting_and_pausing_alone_lose_and_change_nothing(writes, seed, chunk_max):
    line = HostileLine(random.Random(seed), Weather(chunk_max=chunk_max, pause_s=(0.0, 0.5)))
    pieces = [piece for data in writes for piece in line.carry(data)]
    assert b"".join(piece.data for piece in pieces) == b"".join(writes)
    assert all(1 <= len(piece.data) <= chunk_max and 0 <= piece.delay_s <= 0.5 for piece in pieces)
    assert line.damage == []


def test_the_same_seed_does_the_same_harm_and_another_seed_other_harm():
    weather = Weather(chunk_max=7, pause_s=(0.0, 0.1), lose=0.05, double=0.05, flip=0.05)
    first, again, other = (HostileLine(random.Random(seed), weather) for seed in (1, 1, 2))
    assert (first.carry(TEXT), first.damage) == (again.carry(TEXT), again.damage)
    assert other.carry(TEXT) != HostileLine(random.Random(1), weather).carry(TEXT)


@pytest.mark.parametrize(
    ("weather", "harm"),
    [(Weather(lose=0.1), Harm.LOST), (Weather(double=0.1), Harm.DOUBLED), (Weather(flip=0.1), Harm.FLIPPED)],
)
def test_the_list_of_damage_explains_every_difference(weather, harm):
    line = HostileLine(random.Random(5), weather)
    got = arrived(line, TEXT)
    assert line.damage
    assert {damage.harm for damage in line.damage} == {harm}
    places = {damage.at for damage in line.damage}
    if harm is Harm.FLIPPED:
        changed = {at for at, (old, new) in enumerate(zip(TEXT, got, strict=True)) if old != new}
        assert changed == places
        assert all((TEXT[at] ^ got[at]).bit_count() == 1 for at in places)
    else:
        times = {Harm.LOST: 0, Harm.DOUBLED: 2}[harm]
        assert got == b"".join(bytes((byte,)) * (times if at in places else 1) for at, byte in enumerate(TEXT))


def test_a_line_breaks_after_its_bytes_and_stays_broken():
    line = HostileLine(random.Random(0), Weather(cut_after=5))
    assert arrived(line, b"abc") == b"abc"
    assert arrived(line, b"defg") == b"de"
    assert arrived(line, b"x") == b""
    assert [(damage.at, damage.harm) for damage in line.damage] == [(5, Harm.CUT)]


@pytest.mark.parametrize("bad", [{"chunk_max": 0}, {"lose": 0.6, "flip": 0.6}, {"lose": -0.1}, {"pause_s": (2.0, 1.0)}])
def test_impossible_weather_is_refused(bad):
    with pytest.raises(ValueError, match=r".+"):
        Weather(**bad)


def test_two_ends_in_virtual_time_exchange_bytes_when_they_are_due():
    now = [0.0]
    pair = MemoryPair(lambda: now[0], random.Random(3), Weather(chunk_max=2, pause_s=(1.0, 1.0)))
    pair.a.write(b"abcd")
    assert pair.b.read(10) == b""
    got = b""
    while pair.b.next_at is not None:
        now[0] = pair.b.next_at
        got += pair.b.read(10)
    assert got == b"abcd"
    assert now[0] >= 2.0
    pair.b.write(b"back")
    assert [pair.a.read(3), pair.a.read(3), pair.a.read(3)] == [b"bac", b"k", b""]


def test_a_broken_pair_gives_what_came_through_and_then_an_error():
    pair = MemoryPair(lambda: 0.0, random.Random(3), Weather(cut_after=2))
    assert pair.a.write(b"abcd") == 4
    assert pair.b.read(10) == b"ab"
    with pytest.raises(ConnectionError):
        pair.b.read(10)
    with pytest.raises(ConnectionError):
        pair.a.write(b"x")


@pytest.fixture
def echo():
    """A server that sends back what it gets, one client at a time, until the test ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            try:
                client, _ = listener.accept()
            except TimeoutError:
                continue
            with client:
                client.settimeout(5.0)
                try:
                    while data := client.recv(512):
                        client.sendall(data)
                except OSError:
                    continue

    thread = threading.Thread(target=run)
    thread.start()
    yield listener.getsockname()
    stop.set()
    thread.join()
    listener.close()


def receive(client: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size and (data := client.recv(size - len(got))):
        got += data
    return got


def test_a_relay_carries_both_ways_through_bad_weather(echo):
    with SocketRelay(echo, random.Random(1), Weather(chunk_max=9), Weather(flip=0.02)) as relay:
        with socket.create_connection((relay.host, relay.port), timeout=5.0) as client:
            client.sendall(TEXT)
            got = receive(client, len(TEXT))
        differing = [at for at, (old, new) in enumerate(zip(TEXT, got, strict=True)) if old != new]
        assert differing == [damage.at for damage in relay.down.damage]
        assert differing


def test_a_relay_hangs_up_where_the_weather_cuts_and_serves_the_next_client(echo):
    with SocketRelay(echo, random.Random(1), Weather(cut_after=4)) as relay:
        for _ in range(2):
            with socket.create_connection((relay.host, relay.port), timeout=5.0) as client:
                client.sendall(b"abcdefgh")
                assert b"abcd".startswith(receive(client, 8))
            assert relay.up.damage == [Damage(4, Harm.CUT)]
