"""The simulated register on a real pseudo-terminal and on a real TCP port, in real time."""

import random
import socket
import time

import pytest
import serial
from shtrih_till import ACK, ENQ, GOLDEN, NAK, framed, item_old, number, packet, unpacked

from hw_sim.device.hosts import PtyHost, TcpHost
from hw_sim.shtrih import make

PASSWORD = number(30, 4)


def made(**options):
    """A quick register whose byte timeout no busy machine can hurt."""
    return make(time.time_ns, random.Random(3), print_s=0.0, work=0.0, byte_timeout_s=5.0, **options)


def test_a_sale_over_a_pseudo_terminal(tmp_path):
    sim = made(model="kz-fr")
    with PtyHost(sim.machine, tmp_path / "ttyKKM") as host, serial.Serial(str(host.path), timeout=10) as port:

        def ask(data):
            port.write(ENQ)
            assert port.read(1) == NAK
            port.write(framed(data))
            assert port.read(1) == ACK
            head = port.read(2)
            answer = head + port.read(head[1] + 1)
            port.write(ACK)
            assert framed(answer[2:-1]) == answer
            return answer

        assert ask(b"\x8d" + PASSWORD + b"\0") == framed(b"\x8d\0\x1e")
        assert ask(b"\x80" + PASSWORD + item_old(50000)) == framed(b"\x80\0\x1e")
        close = GOLDEN["85 close with 500.00 in cash, third tax byte 1"]
        assert ask(close[2:-1]) == GOLDEN["85 answer, no change"]
        assert ask(b"\x1b" + PASSWORD + b"\x94") == framed(b"\x1b\0\x1e\x01\0")
    assert sim.memory.rows()[0]["total_tiyn"] == 50000


def test_a_sale_over_tcp_with_a_line_cut_in_the_middle():
    sim = made(model="fn", layer="numbered")

    def asked(client, num, data):
        client.sendall(packet(num, data))
        return unpacked(client.recv(4096))

    with TcpHost(sim.machine) as host:
        with socket.create_connection((host.host, host.port), timeout=10) as client:
            assert asked(client, 2, b"\x8d" + PASSWORD + b"\0") == (2, b"\x8d\0\x1e")
            assert asked(client, 3, b"\x80" + PASSWORD + item_old(50000)) == (3, b"\x80\0\x1e")
            with host.machine() as machine:
                machine.faults.add("hang_up_after", "85")
            close = GOLDEN["85 close with 500.00 in cash, third tax byte 1"][2:-1]
            client.sendall(packet(4, close))
            assert client.recv(10) == b""
        with socket.create_connection((host.host, host.port), timeout=10) as client:
            assert asked(client, 4, close) == (4, b"\x85\0\x1e" + number(0, 5))
    assert len(sim.memory.rows()) == 1


@pytest.mark.parametrize("layer", ["standard", "numbered"])
def test_console_and_line_work_on_the_same_register(layer):
    sim = made(model="on-line", layer=layer)
    with TcpHost(sim.machine) as host, socket.create_connection((host.host, host.port), timeout=10) as client:
        with host.machine():
            assert sim.console().run("paper out") == "done"
        client.sendall(ENQ if layer == "standard" else packet(None))
        assert client.recv(64) in (NAK, GOLDEN["empty answer, nothing executed since power-on"])
        with host.machine():
            assert "submode 1 (no paper)" in sim.console().run("mode")
