"""Which model answers on the line, asked once while the configuration is read (`model=auto`). May raise Silence."""

from __future__ import annotations

from dataclasses import replace

from fiscal.options import RegisterUrlError
from fiscal.shtrih import answers
from fiscal.shtrih.answers import DeviceType
from fiscal.shtrih.models import MODELS, Marks, Model
from fiscal.shtrih.talk import Talk

CASH_REGISTER = 0
KAZAKHSTAN_PROTOCOL_13 = (1, 3)  # ШТРИХ-ФР-Ф (Казахстан).
PARAMETERS_PROTOCOL = (1, 13)  # Since when F7h is there.


def model_of(talk: Talk) -> Model:
    """RegisterUrlError when the answers do not tell the model: then it has to be named."""
    device = talk.read("FC", answers.device_type)
    if device.type != CASH_REGISTER:
        raise RegisterUrlError("option model", f'"{device.name}" is no cash register')
    has_marks = talk.read_or_none("FF70", answers.mark_buffer) is not None
    if talk.read_or_none("FF01", answers.storage) is not None:
        if has_marks:
            return MODELS["fn"]
        text = f'"{device.name}" has a fiscal storage without FF70: name model=fn or model=fn-old'
        raise RegisterUrlError("option model", text)
    model = _without_storage(device)
    return replace(model, marks=Marks.FIELD) if has_marks else model


def _without_storage(device: DeviceType) -> Model:
    version = (device.major, device.minor)
    if version == KAZAKHSTAN_PROTOCOL_13:
        return MODELS["kz-fr"]
    if version >= PARAMETERS_PROTOCOL:
        return MODELS["on-line"]
    text = f'"{device.name}", protocol {device.major}.{device.minor}, is not known: name the model'
    raise RegisterUrlError("option model", text)
