"""The words of the pages, from the catalogue `pages`: a key is `area.name`. An unknown key is a mistake of ours."""

from __future__ import annotations

from marking.words import Catalogue, MissingWords, catalogue

LANGUAGES = ("ru", "kk", "en")  # In the order in which the pages offer them.


class TextMissing(LookupError):
    """No text of this key."""


def text(language: str, key: str, **values: object) -> str:
    """Raises TextMissing."""
    try:
        return _words().text(key, language, **values)
    except MissingWords as error:
        raise TextMissing(key) from error


def counted(language: str, key: str, number: int, shown: str) -> str:
    """A text in the form that `number` wants; `shown` is how the page writes it. Raises TextMissing."""
    try:
        return _words().count(key, abs(number), language, n=shown)
    except MissingWords:
        return text(language, key, n=shown)  # The same words for every number.


def is_reviewed(language: str) -> bool:
    """Has a native reader read this language? Where none has, the pages say so."""
    return _words().reviewed(language)


def _words() -> Catalogue:
    return catalogue("sync.hq", "pages")
