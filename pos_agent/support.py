"""What support says of a message code: the words a cashier reads, what makes the code appear, who does what about it.

Words of a verdict are marking's (`reasons`), of a refusal the agent's (`problems`); cause and remedy of both stand in
the catalogue `support`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from marking import reasons
from marking.words import LANGUAGES, Catalogue, catalogue
from pos_agent import problems

__all__ = ["LANGUAGES", "Explained", "UnknownCode", "codes", "explain", "words"]

# Letters of the Russian and Kazakh keyboard that look like the first letter of a code.
_LOOK_ALIKE = str.maketrans("МТР", "MTP")


class UnknownCode(LookupError):
    """No message has this code. `nearest` is the known one most like it."""

    def __init__(self, code: str, nearest: str) -> None:
        super().__init__(f"there is no code {code}; the nearest known is {nearest}")
        self.code = code
        self.nearest = nearest


@dataclass(frozen=True, slots=True)
class Explained:
    """A code with its texts by language."""

    code: str
    title: Mapping[str, str]
    action: Mapping[str, str] | None  # The cashier's one next action, of a verdict.
    cause: Mapping[str, str]
    remedy: Mapping[str, str]


def words() -> Catalogue:
    return catalogue("pos_agent", "support")


def codes() -> tuple[str, ...]:
    """Every message code, verdicts first."""
    return (*sorted(reasons.known()), *problems.kinds())


def explain(asked: str) -> Explained:
    """A code as it is read out: `m204` and `М-204` with a Cyrillic letter mean M-204. Raises UnknownCode."""
    code = _tidied(asked)
    known = codes()
    if code not in known:
        raise UnknownCode(code, difflib.get_close_matches(code, known, n=1, cutoff=0)[0])
    cause, remedy = words().texts(f"{code}.cause"), words().texts(f"{code}.remedy")
    if code in reasons.known():
        title = {lang: reasons.text(code, lang) for lang in LANGUAGES}
        return Explained(code, title, {lang: reasons.action(code, lang) for lang in LANGUAGES}, cause, remedy)
    return Explained(code, problems.kinds()[code].texts, None, cause, remedy)


def _tidied(asked: str) -> str:
    plain = "".join(asked.split()).upper().replace("-", "").translate(_LOOK_ALIKE)
    return f"{plain[:1]}-{plain[1:]}" if plain else ""
