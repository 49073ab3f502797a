"""Every kind and cause has its texts in three languages."""

from __future__ import annotations

import pytest

from sync.hq.finding import CAUSES
from sync.hq.kinds import LANGUAGES, texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_and_cause_is_told_in_full(language: str) -> None:
    told = texts(language)
    assert set(told) == {(kind, cause) for kind, causes in CAUSES.items() for cause in causes}
    for one in told.values():
        assert all(part.strip() for part in (one.kind, one.title, one.explanation, one.action))
        assert one.explanation.endswith("."), one
        assert one.action.endswith("."), one


def test_languages_do_not_repeat_each_other() -> None:
    for key, one in texts("en").items():
        others = [texts(language)[key] for language in LANGUAGES if language != "en"]
        assert one.explanation not in {other.explanation for other in others}
