"""Words for people in Kazakh, Russian and English: gettext catalogues beside the code that speaks.

    PACKAGE/locale/LANG/LC_MESSAGES/DOMAIN.po     what a translator edits
    PACKAGE/locale/LANG/LC_MESSAGES/DOMAIN.mo     the same compiled by script/compile_words.py, read here

A msgid is a stable key (`M-204`, `doctor.disk.fix`), never a sentence, so that words can be improved in one language
without touching the others or the code; English is a language like the two others. A placeholder is `{name}`.
The header `X-Reviewed: no` says that no native reader has read a language yet. For translators: docs/translating.md.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

LANGUAGES = ("kk", "ru", "en")


class MissingWords(LookupError):
    """A key or language the catalogue does not have."""


class _Missing(gettext.NullTranslations):
    """Asked last: gettext itself would answer with the key."""

    def gettext(self, message: str) -> str:
        raise MissingWords(f"no words for {message!r}")

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        raise MissingWords(f"no words for a number of {msgid1!r}")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The words of one package and domain, in every language."""

    name: str  # PACKAGE:DOMAIN, for errors.
    languages: Mapping[str, gettext.GNUTranslations]

    def text(self, key: str, lang: str, **values: object) -> str:
        """Words of a key with its placeholders filled in. Raises MissingWords; KeyError names a value not given."""
        language = self._language(lang)
        if not key:  # gettext keeps its header there.
            raise MissingWords(f"{self.name}: no words for an empty key")
        found = language.gettext(key)
        return found.format_map(values) if values else found

    def optional(self, key: str, lang: str, **values: object) -> str:
        """The same, or "" where no language has such a key: a text that goes without, say, a next step."""
        try:
            return self.text(key, lang, **values)
        except MissingWords:
            self._language(lang)
            return ""

    def count(self, key: str, number: int, lang: str, **values: object) -> str:
        """Words of a key in the plural form that `number` wants; `{n}` stands for it. Raises MissingWords."""
        return self._language(lang).ngettext(key, key, number).format_map({"n": number, **values})

    def texts(self, key: str, **values: object) -> dict[str, str]:
        """Words of a key by language, as answers of the API carry them. Raises MissingWords."""
        return {lang: self.text(key, lang, **values) for lang in LANGUAGES}

    def reviewed(self, lang: str) -> bool:
        """Has a native reader read this language? Raises MissingWords for one that is not there."""
        return self._language(lang).info().get("x-reviewed") != "no"

    def known(self) -> tuple[str, ...]:
        """Every key, for a page that takes the whole catalogue with it."""
        # gettext lists its messages nowhere in public; the name has stood since its first version.
        found = vars(next(iter(self.languages.values())))["_catalog"]
        return tuple(sorted({key if isinstance(key, str) else key[0] for key in found} - {""}))

    def _language(self, lang: str) -> gettext.GNUTranslations:
        try:
            return self.languages[lang]
        except KeyError:
            raise MissingWords(f"{self.name}: no language {lang!r}") from None


@cache
def catalogue(package: str, domain: str) -> Catalogue:
    """Read the compiled catalogues of a domain, once. Raises FileNotFoundError where one was never compiled."""
    return read(files(package).joinpath("locale"), domain, package)


def read(folder: Traversable, domain: str, name: str) -> Catalogue:
    """The catalogues of a `locale` folder that need not be part of an installed package."""
    languages = {}
    for lang in LANGUAGES:
        with folder.joinpath(lang, "LC_MESSAGES", f"{domain}.mo").open("rb") as file:
            languages[lang] = gettext.GNUTranslations(file)
        languages[lang].add_fallback(_Missing())
    return Catalogue(f"{name}:{domain}", languages)


__all__ = ["LANGUAGES", "Catalogue", "MissingWords", "catalogue", "read"]
