"""Refusals of the reKassa service: an HTTP status and `{code, message}`.

Codes and texts: github abylalai/integration-with-reKassa, Integration.php. Only 401 is published as a status; the
others are this simulator's choice, so a client must read the code.
"""

from __future__ import annotations

from collections.abc import Mapping

from hw_sim.exchange import SimReply, json_reply

CODES: Mapping[str, tuple[int, str]] = {
    "ACCESS_DENIED": (401, "Access is denied"),
    "PERMISSION_ERROR": (403, "Недостаточно прав"),
    "WRONG_PASSWORD": (400, "Неправильный пин или пароль"),
    "INVALID_TOKEN": (400, "Ошибка ОФД"),
    "BLOCKED": (400, "Касса заблокирована"),
    "CASH_REGISTER_BLOCKED": (400, "Касса заблокирована"),
    "PROTOCOL_ERROR": (400, "Ошибка протокола"),
    "NOT_ENOUGH_CASH": (400, "В кассе недостаточно денег"),
    "SAME_TAXPAYER_AND_CUSTOMER": (400, "Один и тот же налогоплательщик и клиент ИИН или БИН"),
    "CASH_REGISTER_WRONG_STATUS": (400, "Неверный статус кассы"),
    "CASH_REGISTER_OFFLINE_PERIOD_EXPIRED": (400, "Срок оффлайн работы кассового аппарата истек"),
    "CASH_REGISTER_SHIFT_PERIOD_EXPIRED": (400, "Срок смены истек"),
    "CANT_CANCEL_TICKET": (400, "ТК ОФД не поддерживает данную операцию"),
    "CASH_REGISTER_SHOULD_HAVE_SHIFT_OPEN": (400, "В кассовом аппарате должна быть открыта смена"),
    "DUPLICATE_EXTERNAL_ID": (409, "Duplicate external id"),
    "NOT_FOUND": (404, "Не найдено"),
}


class Refusal(Exception):
    """The request is refused with a code of the service; nothing was registered."""

    def __init__(self, code: str, text: str = "", meta: Mapping[str, str] | None = None) -> None:
        self.code = code
        self.status, known = CODES.get(code, (400, code))
        self.text = text or known
        self.meta = meta
        super().__init__(f"[{code}] {self.text}")

    def reply(self) -> SimReply:
        content: dict[str, object] = {"code": self.code, "message": self.text}
        if self.meta is not None:
            content["meta"] = dict(self.meta)
        return json_reply(content, self.status)


def protocol_error(text: str) -> Refusal:
    """The message is not one of the protocol, or contradicts itself."""
    return Refusal("PROTOCOL_ERROR", text)
