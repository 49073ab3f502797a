"""The driver of a register behind ATOL's driver 10: the shared one, and what only a server with a memory can do."""

from __future__ import annotations

from collections.abc import Callable

from fiscal.atol.web.family import AtolJsonFamily
from fiscal.device.driver import DeviceRegister, Patience
from fiscal.documents import Paper, SeenDocument


class AtolJsonRegister(DeviceRegister):
    def __init__(
        self,
        family: AtolJsonFamily,
        address: str,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        patience: Patience,
    ) -> None:
        super().__init__(family, address, monotonic=monotonic, sleep=sleep, patience=patience)
        self._json = family

    def find(self, key: str, shift: int | None = None) -> SeenDocument | None:
        with self._lock:
            return self._reading(lambda: self._json.find(key))

    def finish_printing(self) -> Paper:
        with self._lock:
            return self._reading(self._json.finish_printing)
