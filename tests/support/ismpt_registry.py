"""A small marking registry on loopback that plays scripted answers, cuts and trickles, and a clock that can skip."""

from __future__ import annotations

import json
import threading
import time
import tomllib
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors" / "ismpt.toml").read_text(encoding="utf-8"))
SHOE, PACK = VECTORS["shoe"], VECTORS["pack"]
RECORD = VECTORS["public_record"]
LOGIN, REFRESH = "/api/users/authenticate", "/api/users/tokens/refresh"
PUBLIC, PRIVATE = "/public/api/cod/public/codes", "/public/api/cod/private/codes"
WORKS = "A2"
NOW_NS = 1_795_435_200_000_000_000


@dataclass
class Answer:
    body: str = "[]"
    status: int = 200
    headers: dict = field(default_factory=dict)
    trickle: str = ""  # "head" or "body": that part byte by byte.
    cut: bool = False


@dataclass
class Seen:
    path: str
    headers: dict
    body: str


class Registry:
    """Answers per path in the order they were scripted, and the last one put with `always` from then on."""

    def __init__(self):
        self.seen = []
        self.trickled_out = False  # A slow answer was waited for to its end.
        self.queues = defaultdict(deque)
        self.fallback = {LOGIN: Answer(VECTORS["login_answer"]), PUBLIC: Answer(RECORD)}
        self.closing = threading.Event()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.http.daemon_threads = False
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self._thread = threading.Thread(target=self.http.serve_forever, args=(0.02,))
        self._thread.start()

    def then(self, path, *answers):
        self.queues[path].extend(answers)

    def paths(self):
        return [seen.path for seen in self.seen]

    def count(self, path):
        return self.paths().count(path)

    def sizes(self):
        return [len(json.loads(seen.body)["codes"]) for seen in self.seen if seen.path == PUBLIC]

    def play(self, seen):
        self.seen.append(seen)
        queue = self.queues[seen.path]
        play = queue.popleft() if queue else self.fallback.get(seen.path, Answer("nothing here", 404))
        return play(seen) if callable(play) else play

    def close(self):
        self.closing.set()
        self.http.shutdown()
        self.http.server_close()
        self._thread.join()


def _handler(registry):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def log_message(self, *_args):
            pass

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            answer = registry.play(Seen(self.path, dict(self.headers), body))
            if answer.cut:
                self.close_connection = True
                return
            content = answer.body.encode()
            head = f"HTTP/1.1 {answer.status} X\r\nContent-Length: {len(content)}\r\n"
            head += "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items()) + "\r\n"
            try:
                self._send(head.encode(), slowly=answer.trickle == "head")
                self._send(content, slowly=answer.trickle == "body")
                registry.trickled_out |= bool(answer.trickle) and not registry.closing.is_set()
            except OSError:
                self.close_connection = True  # The client had enough.

        def _send(self, data, slowly):
            for piece in [data[n : n + 1] for n in range(len(data))] if slowly else [data]:
                self.wfile.write(piece)
                if slowly and registry.closing.wait(0.02):
                    return

    return Handler


class Clock:
    """Real seconds, plus what a test skips."""

    def __init__(self):
        self.ahead = 0.0
        self.slept = []

    def __call__(self):
        return time.monotonic() + self.ahead

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.ahead += seconds
