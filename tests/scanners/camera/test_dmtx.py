"""libdmtx in its own process: what it reads, and what becomes of the caller when it dies, hangs or is missing."""

from __future__ import annotations

import io
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from scanners.camera.dmtx.frames import FrameBroken, receive, unpack_answers, unpack_request
from scanners.camera.dmtx.process import DmtxProcess, RawSymbol

START_S = 20.0
TIMEOUT_MS = 5000
PACK = "(01)04870249811936(21)LxPk7Qb(93)dGVz"
PACK_BYTES = b"010487024981193621LxPk7Qb\x1d93dGVz"


@pytest.fixture
def worker() -> Iterator[DmtxProcess]:
    with DmtxProcess() as process:
        assert process.start(START_S), process.text
        yield process


@pytest.fixture
def gray_of_symbol(symbol: Callable[..., Any], frame_of: Callable[..., Any]) -> Callable[..., Any]:
    def draw(content: Any, *, gs1: bool = False, at: tuple[int, int] = (200, 120)) -> Any:
        return cv2.cvtColor(frame_of((symbol(content, gs1=gs1, scale=5), *at)), cv2.COLOR_BGR2GRAY)

    return draw


def square(x: int, y: int, side: int) -> Any:
    return np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]])


def is_gone(pid: int) -> bool:
    """No such process, or one that only waits to be collected."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX"


def until(holds: Callable[[], bool]) -> bool:
    for _ in range(400):
        if holds():
            return True
        time.sleep(0.02)
    return False


def test_a_gs1_symbol_is_read_with_its_separators_and_corners(
    worker: DmtxProcess, gray_of_symbol: Any, symbol: Callable[..., Any]
) -> None:
    (found,) = worker.read(gray_of_symbol(PACK, gs1=True), TIMEOUT_MS)
    assert (found.data, found.symbology) == (PACK_BYTES, "]d2")
    assert found.corners.shape == (4, 2)
    assert float(np.abs(found.corners - square(200, 120, symbol(PACK, gs1=True, scale=5).shape[0])).max()) < 5


@pytest.mark.parametrize(
    "content",
    [
        "(01)04870249811936(21)ABCDEFGHIJKLM(91)EE05(92)ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQR",  # C40.
        "(01)04870249811936(21)abcdefghijklm(91)ee05(92)abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqr",  # Text.
    ],
)
def test_separators_inside_letters_are_not_lost(worker: DmtxProcess, gray_of_symbol: Any, content: str) -> None:
    first, second, third = content.split("(9")
    (found,) = worker.read(gray_of_symbol(content, gs1=True), TIMEOUT_MS)
    wanted = first.replace("(01)", "01").replace("(21)", "21") + "\x1d9" + second.replace("1)", "1")
    assert found.data.decode() == wanted + "\x1d9" + third.replace("2)", "2")


def test_plain_symbols_are_told_from_gs1_even_with_a_gs_in_front(worker: DmtxProcess, gray_of_symbol: Any) -> None:
    (plain,) = worker.read(gray_of_symbol("hello"), TIMEOUT_MS)
    (with_gs,) = worker.read(gray_of_symbol("\x1d0104870249811936"), TIMEOUT_MS)
    assert (plain.data, plain.symbology) == (b"hello", "]d1")
    assert (with_gs.data, with_gs.symbology) == (b"\x1d0104870249811936", "]d1")


def test_data_are_not_cut_at_nul(worker: DmtxProcess, gray_of_symbol: Any) -> None:
    (found,) = worker.read(gray_of_symbol("ab\x00cd"), TIMEOUT_MS)
    assert found.data == b"ab\x00cd"


def test_several_symbols_of_one_picture_are_all_read(
    worker: DmtxProcess, symbol: Callable[..., Any], frame_of: Callable[..., Any]
) -> None:
    image = frame_of((symbol("left"), 60, 100), (symbol("right"), 400, 250))
    gray = np.ascontiguousarray(image[..., 0])
    assert {found.data for found in worker.read(gray, 20_000, max_count=2)} == {b"left", b"right"}


def test_corners_are_those_of_the_whole_picture_when_it_is_thinned_out(
    gray_of_symbol: Any, symbol: Callable[..., Any]
) -> None:
    gray = cv2.resize(gray_of_symbol(PACK, gs1=True), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    with DmtxProcess(pixels_max=320_000) as process:
        assert process.start(START_S)
        (found,) = process.read(gray, TIMEOUT_MS)
    assert found.data == PACK_BYTES
    assert float(np.abs(found.corners - square(400, 240, symbol(PACK, gs1=True, scale=10).shape[0])).max()) < 10


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (7, 7), (2, 900)])
def test_pictures_that_abort_libdmtx_never_reach_it(worker: DmtxProcess, shape: tuple[int, int]) -> None:
    assert worker.read(np.zeros(shape, np.uint8), 200) == []
    assert worker.restarts == 0


@pytest.mark.parametrize("array", [np.zeros((9, 9), np.float32), np.zeros((9, 9, 3), np.uint8), np.zeros(9, np.uint8)])
def test_an_array_that_is_no_grey_picture_is_an_error_of_the_caller(worker: DmtxProcess, array: Any) -> None:
    with pytest.raises(ValueError, match="wanted: uint8 with 2"):
        worker.read(array, 200)


def test_a_worker_that_died_is_started_again_after_a_pause(clock: Any, gray_of_symbol: Any) -> None:
    gray = gray_of_symbol(PACK, gs1=True)
    with DmtxProcess(monotonic=clock.monotonic) as process:
        assert process.start(START_S)
        first = process.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        assert process.read(gray, TIMEOUT_MS) == []
        assert process.text == "a picture ended the worker"
        assert is_gone(first)
        clock.pass_ms(499)
        assert process.read(gray, TIMEOUT_MS) == []
        assert process.pid is None
        clock.pass_ms(2)
        assert process.start(START_S)
        assert [found.data for found in process.read(gray, TIMEOUT_MS)] == [PACK_BYTES]
        assert (process.restarts, process.pid == first) == (1, False)


def test_a_worker_that_keeps_dying_is_started_ever_less(clock: Any) -> None:
    with DmtxProcess(monotonic=clock.monotonic, command=[sys.executable, "-c", ""]) as process:
        starts: list[float] = []
        for _ in range(200):
            before = process.restarts
            process.start(START_S)
            if process.restarts != before or not starts:
                starts.append(clock.monotonic())
            clock.pass_ms(100)
    assert process.text == "the worker ended before it was ready"
    pauses = np.diff(starts)
    assert pauses.round(1).tolist()[:6] == [0.5, 1.0, 2.0, 5.0, 5.0, 5.0]


HANGS = """
import struct, sys, time
sys.stdout.buffer.write(struct.pack(">I", 6) + b"\\1hangs"); sys.stdout.buffer.flush()
time.sleep(600)
"""


def test_a_hanging_worker_costs_the_caller_its_deadline_and_the_worker_its_life() -> None:
    with DmtxProcess(command=[sys.executable, "-c", HANGS], slack_ms=20) as process:
        assert process.start(START_S)
        pid = process.pid
        assert pid is not None
        # Larger than any pipe holds: the write blocks too.
        assert process.read(np.zeros((1000, 1000), np.uint8), 50) == []
        assert process.text == "a picture took too long"
        assert is_gone(pid)


def test_a_caller_does_not_wait_for_another_ones_picture_beyond_its_deadline() -> None:
    with DmtxProcess(command=[sys.executable, "-c", HANGS], slack_ms=0) as process:
        assert process.start(START_S)
        slow = threading.Thread(target=process.read, args=(np.zeros((90, 90), np.uint8), 250))
        slow.start()
        assert process.read(np.zeros((90, 90), np.uint8), 20) == []
        assert slow.is_alive()
        slow.join()


@pytest.mark.parametrize("body", [b"garbage", b"", b"]d2" + b"\0" * 32 + struct.pack(">I", 9999)])
def test_a_worker_that_speaks_nonsense_invents_no_symbol(body: bytes) -> None:
    script = f"""
import struct, sys
out = sys.stdout.buffer
out.write(struct.pack(">I", 2) + b"\\1x"); out.flush()
size, = struct.unpack(">I", sys.stdin.buffer.read(4)); sys.stdin.buffer.read(size)
out.write(struct.pack(">I", {len(body)}) + {body!r}); out.flush()
sys.stdin.buffer.read()
"""
    with DmtxProcess(command=[sys.executable, "-c", script]) as process:
        assert process.start(START_S)
        assert process.read(np.zeros((90, 90), np.uint8), TIMEOUT_MS) == []


def test_a_missing_library_is_told_once_with_its_remedy() -> None:
    script = (
        "import sys; sys.modules['pylibdmtx'] = None\nfrom scanners.camera.dmtx.worker import main; sys.exit(main())"
    )
    with DmtxProcess(command=[sys.executable, "-c", script]) as process:
        assert not process.start(START_S)
        assert not process.available
        assert "pip install 'pos-agent[camera]'" in process.text
        assert process.read(np.zeros((90, 90), np.uint8), 100) == []
        assert process.restarts == 0


def test_an_old_library_is_refused_since_it_loses_fnc1() -> None:
    script = (
        "import sys, types\n"
        "old = types.ModuleType('pylibdmtx.wrapper'); old.dmtxVersion = lambda: '0.7.4'\n"
        "sys.modules['pylibdmtx'] = types.ModuleType('pylibdmtx'); sys.modules['pylibdmtx.wrapper'] = old\n"
        "from scanners.camera.dmtx.worker import main; sys.exit(main())"
    )
    with DmtxProcess(command=[sys.executable, "-c", script]) as process:
        assert not process.start(START_S)
        assert process.text == "libdmtx 0.7.4 loses FNC1: 0.7.5 or later is needed"


def test_a_command_that_cannot_be_started_is_no_crash(tmp_path: Path) -> None:
    with DmtxProcess(command=[str(tmp_path / "nothing")]) as process:
        assert not process.start(0.1)
        assert "cannot be started" in process.text


def test_threads_get_their_own_pictures_answer(worker: DmtxProcess, gray_of_symbol: Any) -> None:
    pictures = {name: gray_of_symbol(name) for name in ("one", "two", "three", "four")}
    found: dict[str, list[RawSymbol]] = {}

    def ask(name: str) -> None:
        found[name] = worker.read(pictures[name], 20_000)

    threads = [threading.Thread(target=ask, args=(name,)) for name in pictures]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: [one.data.decode() for one in symbols] for name, symbols in found.items()} == {
        name: [name] for name in pictures
    }


def test_closing_leaves_no_process_behind() -> None:
    process = DmtxProcess()
    assert process.start(START_S)
    pid = process.pid
    assert pid is not None
    process.close()
    assert not Path(f"/proc/{pid}").exists()  # Collected too, no zombie.
    assert process.read(np.zeros((90, 90), np.uint8), 50) == []
    process.close()


def test_the_worker_ends_when_its_parent_is_killed() -> None:
    script = (
        "import time\nfrom scanners.camera.dmtx.process import DmtxProcess\n"
        f"process = DmtxProcess(); process.start({START_S}); print(process.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not is_gone(pid)
        parent.kill()
    assert until(lambda: is_gone(pid))


@pytest.mark.parametrize("body", [b"", b"\0" * 15, struct.pack(">IIII", 3, 3, 50, 1) + b"\0" * 8])
def test_a_request_that_is_not_as_agreed_is_refused(body: bytes) -> None:
    with pytest.raises(FrameBroken):
        unpack_request(body)


def test_messages_arrive_whole_in_any_chunks() -> None:
    class Trickle(io.BytesIO):
        def read(self, count: int | None = -1, /) -> bytes:
            return super().read(min(count or 1, 1))

    stream = Trickle(b"\0\0\0\x03abc\0\0\0\0")
    assert [receive(stream), receive(stream), receive(stream)] == [b"abc", b"", None]


@pytest.mark.parametrize("stream", [b"\0\0", b"\0\0\0\x05abc", b"\xff\xff\xff\xff"])
def test_a_stream_that_ends_in_a_message_is_broken(stream: bytes) -> None:
    with pytest.raises(FrameBroken):
        receive(io.BytesIO(stream))


def test_an_answer_is_read_as_it_was_laid_out() -> None:
    corners = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.5)
    body = b"]d2" + struct.pack(">8f", *corners) + b"\0\0\0\x02\x1dA"
    (one, other) = unpack_answers(body * 2)
    assert one == other == (b"\x1dA", "]d2", corners)
