"""The operator at the end of a line: frames in, frames out, one answer for one request, never a document twice.

The retry rule is the heart of it: the same REQNUM with the same TOKEN and command is "I did not get your answer", and
is given the stored bytes, whatever else the request says. Source: protocol 2.0.2, sections 2.2, 2.4 and 5.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

from hw_sim.device.machine import Machine
from hw_sim.exchange import NS, Clock
from hw_sim.faults import Fault
from hw_sim.ofd203.commands import carry_out, command_name, refused
from hw_sim.ofd203.desk import Desk
from hw_sim.ofd203.device import Device, Exchange
from hw_sim.ofd203.faults import KINDS, RESULT, SPOILERS, UNAVAILABLE, Delivery, spoiled
from hw_sim.ofd203.frames import VERSION, Broken, Frame, Framer, Header, framed
from hw_sim.ofd203.journal import frame_text
from hw_sim.ofd203.results import NOT_TAKEN, Refusal, Result
from hw_sim.ofd203.wire import Stranger, WireError, read, write

NOBODY = "?"  # The name of a frame whose command cannot be read.


class OfdServer(Machine):
    """One operator and its registers. Every register is known by its ID."""

    def __init__(self, now: Clock, rng: random.Random, desk: Desk, devices: Iterable[Device]) -> None:
        super().__init__(now, rng, KINDS)
        self.desk = desk
        self.devices = {device.id: device for device in devices}
        self._framer = Framer()
        self._before = b""  # The answer said before.
        self._unavailable_until_ns = 0
        self._unavailable_code: int = Result.SERVICE_TEMPORARILY_UNAVAILABLE

    # What the line brings

    def take_bytes(self, data: bytes) -> None:
        self._framer.receive(data)
        while not self.hung_up and (event := self._framer.next_event()) is not None:
            if isinstance(event, Broken):
                self._refuse_line(event)
            else:
                self._take(event)

    def lose_power(self) -> None:
        self._framer.reset()

    def line_opened(self) -> None:
        self._framer.reset()
        self.forget_said()

    def line_dropped(self) -> None:
        self._framer.reset()

    def _refuse_line(self, broken: Broken) -> None:
        """No frame can follow such a header: say so, and hang up."""
        if not self.heard(NOBODY, broken.raw, f"\n    {broken.header.text()}\n    {broken.why}"):
            return
        self._refuse(broken.header, NOBODY, {}, Refusal(Result.PROTOCOL_ERROR, broken.why))
        self.hang_up_when_said()

    def _take(self, frame: Frame) -> None:
        strangers: list[Stranger] = []
        problem = ""
        try:
            request = read("Request", frame.payload, strangers)
        except WireError as error:
            request, problem = {}, str(error)
        name = command_name(request["command"]) if request else NOBODY
        about = f"\n    {frame.header.text()}\n    {problem}"
        if not problem:
            about = frame_text(frame.header, "Request", request, strangers)
        if not self.heard(name, frame.raw, about):
            return
        if frame.header.version not in self.desk.rules.versions:
            problem = f"VERSION {frame.header.version}"
        self._serve(frame.header, name, request, problem)

    # The rules of TOKEN and REQNUM

    def _serve(self, header: Header, name: str, request: Mapping[str, Any], problem: str) -> None:
        try:
            self._require_service(name)
            device = self._device(header, problem)
            stored = self._stored(device, header, request["command"])
        except Refusal as refusal:
            self._refuse(header, name, request, refusal)
            return
        if stored is not None:
            self.note("!", "retry", about="the stored answer")
            self._deliver(name, stored)
        else:
            self._carry_out(device, header, name, request)

    def _require_service(self, name: str) -> None:
        if (fault := self.draw(UNAVAILABLE, name)) is not None:
            self.note("!", fault.name)
            self._unavailable_until_ns = self.now() + int(fault.seconds * NS)
            self._unavailable_code = int(fault.params.get("code", Result.SERVICE_TEMPORARILY_UNAVAILABLE))
        if self.now() < self._unavailable_until_ns:
            raise Refusal(self._unavailable_code)

    def _device(self, header: Header, problem: str) -> Device:
        device = self.devices.get(header.id)
        if device is None or not device.known:
            raise Refusal(Result.UNKNOWN_ID, f"device {header.id}")
        if problem:
            raise Refusal(Result.PROTOCOL_ERROR, problem)
        return device

    def _stored(self, device: Device, header: Header, command: int) -> bytes | None:
        """The answer to a request that was taken already; None: it is a new one, and its token is right."""
        last = device.last
        kept_s = self.desk.rules.answers_kept_s
        if last is None or header.reqnum != last.reqnum or (kept_s and self.now() - last.at_ns > kept_s * NS):
            if header.token != device.token:
                raise Refusal(Result.INVALID_TOKEN, "bad token")
            return None
        if header.token != last.token:
            raise Refusal(Result.INVALID_REQUEST_NUMBER, f"REQNUM {header.reqnum} was sent with another token")
        if command != last.command:
            raise Refusal(Result.INVALID_RETRY_REQUEST, f"REQNUM {header.reqnum} was {command_name(last.command)}")
        return last.answer

    def _carry_out(self, device: Device, header: Header, name: str, request: Mapping[str, Any]) -> None:
        fault = self.draw(RESULT, name)
        ordered = None if fault is None else _ordered(fault)
        code: int = Result.OK
        try:
            if fault is not None and ordered is not None and not fault.params.get("register"):
                self.note("!", fault.name)
                raise ordered
            response = carry_out(self.desk, device, header, request)
        except Refusal as refusal:
            response, code = refused(self.desk, request, refusal), refusal.code
        answer = self._answer(device, header, request["command"], response, code)
        if code not in NOT_TAKEN:
            device.last = Exchange(header.reqnum, header.token, request["command"], answer, self.now())
        if not self.executed(name):
            return
        if ordered is not None and code == Result.OK:
            self.note("!", RESULT)
            self._refuse(header, name, request, ordered)
        else:
            self._deliver(name, answer)

    def _answer(self, device: Device, header: Header, command: int, response: Mapping[str, Any], code: int) -> bytes:
        """The bytes of an answer; a new token is in force from here on."""
        rules = self.desk.rules
        rotates = command in rules.token_changes and (code == Result.OK or rules.token_changes_on_refusal)
        if rotates and code not in NOT_TAKEN:
            device.token = self.desk.next_token(device.token)
        return framed(Header(VERSION, header.id, device.token, header.reqnum), write("Response", response))

    # What is said

    def _refuse(self, header: Header, name: str, request: Mapping[str, Any], refusal: Refusal) -> None:
        """Answer with a code and the token of the request: who has the wrong one is not told the right one."""
        payload = write("Response", refused(self.desk, request, refusal))
        self._deliver(name, framed(Header(VERSION, header.id, header.token, header.reqnum), payload))

    def _deliver(self, name: str, answer: bytes) -> None:
        delivery = Delivery((answer,))
        for kind in SPOILERS:
            if (fault := self.draw(kind, name)) is not None:
                self.note("!", fault.name)
                delivery = spoiled(answer, fault, self._before, self.rng)
                break
        self._before = answer
        first, *more = delivery.pieces
        self.say(name, first, about=_about(answer))
        for piece in more:
            self.say_plainly(piece)
        if delivery.cut:
            self.hang_up_when_said()


def _ordered(fault: Fault) -> Refusal:
    """The refusal a person asked for."""
    return Refusal(int(fault.params.get("code", Result.INCORRECT_REQUEST_DATA)), str(fault.params.get("text", "")))


def _about(answer: bytes) -> str:
    framer = Framer()
    framer.receive(answer)
    event = framer.next_event()
    return frame_text(event.header, "Response", read("Response", event.payload)) if isinstance(event, Frame) else ""
