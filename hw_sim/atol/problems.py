"""What an ATOL register refuses, once for both links: the byte of the command layer and the number of driver 10.

Sources: github Zzzzipper/projects AtolProtocol.h and github kurbatov/atol4j error-messages.properties (bytes); github
ExLuzZziVo/KKTServiceLib KKTErrorType.cs (driver's numbers and its words).
"""

from __future__ import annotations

from enum import Enum
from typing import Any


class Problem(Enum):
    """Name = (byte of the command layer, driver's number, the driver's words)."""

    BAD_PRICE = (0x08, 16, "Неверная цена (сумма)")
    BAD_QUANTITY = (0x0A, 17, "Неверное количество")
    BAD_FORMAT = (0x13, 26, "Неверный формат команды")
    BAD_LENGTH = (0x14, 27, "Неверная длина")
    NO_MORE_DATA = (0x18, 30, "Нет больше данных")
    WRONG_MODE = (0x66, 12, "Не поддерживается в данном режиме")
    NO_PAPER = (0x67, 44, "Нет бумаги")
    COVER_OPEN = (0x68, 45, "Открыта крышка")
    NO_PRINTER = (0x68, 46, "Нет связи с принтером чеков")
    BAD_RECEIPT_TYPE = (0x6A, 48, "Неверный тип чека")
    BAD_REGISTER = (0x6C, 13, "Неверный номер регистра")
    NONCASH_TOO_MUCH = (0x71, 52, "Сумма не наличных платежей превышает сумму чека")
    RETURN_DENIED = (0x73, 53, "Накопление меньше суммы возврата или аннулирования")
    UNFINISHED = (0x76, 55, "Предыдущая операция не завершена")
    NOT_THIS_MODEL = (0x7A, 11, "Данная модель ККТ не может выполнить команду")
    BAD_PAYMENT = (0x7E, 60, "Неверный вид оплаты")
    NOT_FULLY_PAID = (0x86, 66, "Чек оплачен не полностью")
    SHIFT_EXPIRED = (0x88, 68, "Смена превысила 24 часа")
    BAD_PASSWORD = (0x8C, 71, "Неверный пароль")
    SHIFT_CLOSED = (0x8F, 73, "Смена закрыта - операция невозможна")
    NO_CASH = (0x98, 80, "В ККТ нет денег для выплаты")
    RECEIPT_CLOSED = (0x9A, 81, "Документ закрыт - операция невозможна")
    RECEIPT_OPEN = (0x9B, 82, "Документ открыт - операция невозможна")
    SHIFT_OPEN = (0x9C, 83, "Смена открыта, операция невозможна")
    BAD_REPORT = (0xA3, 13, "Неверный тип отчёта")
    NO_REPORT = (0xAA, 91, "Нет отчетов")
    NOT_IN_FN = (0xDA, 123, "В ФН нет запрошенных данных")
    BAD_COMMAND = (0xF2, 26, "Неверная команда")
    BAD_TOTAL = (0x86, 227, "Неверный итог чека")

    def __init__(self, code: int, driver_code: int, text: str) -> None:
        self.code = code
        self.driver_code = driver_code
        self.text = text


class DriverProblem(Enum):
    """What only driver 10 and its web server refuse: number, words. The command layer has no byte for it."""

    NO_LINK = (2, "Нет связи")
    BAD_TASK = (501, "Ошибка разбора задания")
    INTERRUPTED = (502, "Выполнение прервано из-за предыдущих ошибок")
    CANCELED = (503, "Задание отменено")
    SERVER = (505, "Ошибка веб-сервера")
    CHECK_RUNS = (401, "Процедура проверки КМ уже запущена")
    CHECK_BROKEN = (403, "Процедура проверки КМ прервана")
    WRONG_STATE = (410, "Неверное состояние")
    NO_MARK_SERVER = (411, "Ошибка обмена с сервером ОФД или ИСМ")
    CHECK_TIMEOUT = (421, "Превышен таймаут проверки КМ")

    def __init__(self, driver_code: int, text: str) -> None:
        self.code = 0
        self.driver_code = driver_code
        self.text = text


class Refused(Exception):
    """The register does not do it.

    `code` is the byte of the command layer, `driver_code` the number of driver 10, `result` what the driver answers all
    the same.
    """

    def __init__(self, problem: Problem | DriverProblem) -> None:
        super().__init__(problem.text)
        self.code, self.driver_code, self.text = problem.code, problem.driver_code, problem.text
        self.result: dict[str, Any] | None = None

    @classmethod
    def numbered(cls, code: int, driver_code: int, text: str) -> Refused:
        """A refusal no table knows."""
        refused = cls(Problem.BAD_FORMAT)
        refused.code, refused.driver_code, refused.text = code, driver_code, text
        return refused


class Interrupted(Exception):
    """The power went while the register worked: nothing more is said about this command."""
