"""Business errors of the Webkassa v4 service: they travel with HTTP 200 in an `Errors` array."""

from __future__ import annotations

from collections.abc import Mapping

from hw_sim.exchange import SimReply, json_reply

UNKNOWN = -1
TEXTS: Mapping[int, str] = {
    UNKNOWN: "Неизвестная ошибка",
    1: "Неверный логин или пароль",
    2: "Срок действия сессии истек",
    3: "Пользователь не авторизован",
    4: "Недостаточно прав для выполнения операции",
    5: "Нет доступа к кассе",
    6: "Касса не найдена",
    7: "Касса заблокирована",
    8: "Недостаточно наличных в кассе",
    9: "Ошибка валидации",
    10: "Касса не активирована",
    11: "Продолжительность смены превышает 24 часа",
    12: "Смена уже закрыта",
    13: "Нет открытой смены",
    14: "Чек с таким внешним номером уже существует",
    15: "Смена не найдена",
    16: "Чек не найден в указанной смене",
    17: "Скидка и наценка не могут применяться одновременно",
    18: "Касса работает в автономном режиме более 72 часов",
    19: "Чек с таким внешним номером не найден",
    255: "Не указаны данные чека основания",
    505: "Сервис недоступен на данном домене",
    1007: "Сумма не может быть дробной",
    1008: "Сумма не может быть отрицательной",
    1013: "Автономные чеки не поддерживаются",
    1014: "Z-отчет не найден или смена еще не закрыта",
    1025: "Учет маркированных товаров не активирован для кассы",
    1404: "Лицензия не найдена",
}
SEQUENCE = "Запросы к одной кассе должны выполняться последовательно, параллельная отправка запрещена"


class Refusal(Exception):
    """The request is refused with a code of the service; nothing was registered."""

    def __init__(self, code: int, text: str = "") -> None:
        self.code = code
        self.text = text or TEXTS.get(code, "")
        super().__init__(f"[{code}] {self.text}")


def invalid(text: str) -> Refusal:
    """Code 9: a field is missing, misshapen or contradicts another."""
    return Refusal(9, f"{TEXTS[9]}: {text}")


def error_reply(code: int, text: str = "", data: object = None) -> SimReply:
    """An `Errors` answer, with `Data` beside it when given: the service sends both for a duplicate."""
    content: dict[str, object] = {} if data is None else {"Data": data}
    content["Errors"] = [{"Code": code, "Text": text or TEXTS.get(code, "")}]
    return json_reply(content)


def data_reply(data: object) -> SimReply:
    """A successful answer."""
    return json_reply({"Data": data})
