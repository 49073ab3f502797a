"""Texts complete in three languages, numbers as in Kazakhstan, filters there and back, passwords, damaged codes."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from urllib.parse import parse_qsl

import hq_chain
import po_files
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sync.hq.imports
import sync.hq.pages
from sync.hq.dispute import AlarmKind
from sync.hq.finding import CAUSES
from sync.hq.imports.ledger import Kind as ImportKind
from sync.hq.imports.receipt_page import Found
from sync.hq.kinds import Kind
from sync.hq.pages import formats, kind_texts, passwords
from sync.hq.pages.audit import ACTS
from sync.hq.pages.codes import find
from sync.hq.pages.filters import SORTS, STATES, Filter, days, read
from sync.hq.pages.roles import Act, Role, may
from sync.hq.pages.texts import LANGUAGES, TextMissing, counted, is_reviewed, text

ROOM = Path(sync.hq.pages.__file__).parent
KEYS = po_files.keys("sync/hq", "pages")


def test_every_text_a_template_or_a_column_asks_for_exists() -> None:
    asked: set[str] = set()
    for path in (*ROOM.glob("templates/*.html"), *ROOM.glob("routes/*.py")):
        written = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r't\("([a-z_]+\.[\w-]+)"[,)]', written))
        asked |= set(re.findall(r'plural\("([a-z_]+\.\w+)"', written))
        asked |= set(re.findall(r'Column\(\s*"\w+",\s*"([a-z_]+\.\w+)"', written))
    assert len(asked) > 150
    assert sorted(asked - KEYS) == []


def test_every_kind_cause_alarm_act_and_choice_has_words() -> None:
    keys = [f"trouble.t_{kind}" for kind in AlarmKind] + [f"trouble.a_{kind}" for kind in AlarmKind]
    keys += [f"audit.a_{act}" for act in ACTS] + [f"roles.{role}" for role in Role]
    keys += [f"exceptions.sort_{sort}" for sort in SORTS] + [f"exceptions.s_{state}" for state in (*STATES, "any")]
    assert [key for key in keys if key not in KEYS] == []
    for language in LANGUAGES:
        for kind, causes in CAUSES.items():
            assert kind_texts.title(language, kind)
            words = (kind_texts.cause, kind_texts.meaning, kind_texts.action)
            assert len({told(language, kind, causes[0]) for told in words}) == 3
            assert kind_texts.cause(language, kind, "of-a-newer-version") == "of-a-newer-version"


def test_every_reason_that_an_import_can_give_has_words_and_no_other() -> None:
    written = "".join(path.read_text(encoding="utf-8") for path in Path(sync.hq.imports.__file__).parent.glob("*.py"))
    given = set(re.findall(r'Trouble\(\s*"([a-z]+(?:-[a-z]+)*)"', written))
    given |= set(re.findall(r'Remark\([\w.]+, "([a-z-]+)"', written))
    given |= set(re.findall(r'"((?:mark|receipt)-[a-z-]+)"', written)) - set(ImportKind)
    given |= {f"page-{found}" for found in Found if found is not Found.OK}
    assert {key.removeprefix("import_reason.") for key in KEYS if key.startswith("import_reason.")} == given


def test_a_text_that_does_not_exist_is_an_error_and_never_an_empty_place() -> None:
    with pytest.raises(TextMissing):
        text("ru", "common.nothing_of_the_kind")


def test_the_pages_say_that_no_native_reader_has_read_the_kazakh() -> None:
    assert {language: is_reviewed(language) for language in LANGUAGES} == {"kk": False, "ru": True, "en": True}


def test_a_text_without_forms_is_the_same_for_every_number() -> None:
    assert counted("ru", "done.password", 5, "5") == text("ru", "done.password")
    with pytest.raises(TextMissing):
        counted("ru", "done.nothing_of_the_kind", 5, "5")


@pytest.mark.parametrize(
    ("number", "ru"),
    [(1, "1 случай"), (2, "2 случая"), (5, "5 случаев"), (11, "11 случаев"), (21, "21 случай"), (112, "112 случаев")],
)
def test_russian_counts_in_three_forms(number: int, ru: str) -> None:
    assert counted("ru", "exceptions.found", number, str(number)) == ru


def test_numbers_sums_dates_and_times_are_written_as_in_kazakhstan() -> None:
    assert formats.number(1_234_567) == "1\u00a0234\u00a0567"
    assert formats.number(-5) == "\u22125"
    assert formats.tenge(123_456_750) == "1\u00a0234\u00a0567,50\u00a0₸"
    assert formats.tenge(100) == "1\u00a0₸"
    assert formats.tenge(-105) == "\u22121,05\u00a0₸"
    assert formats.share(1, 3) == "33,3\u00a0%"
    assert formats.date(dt.date(2026, 11, 3)) == "03.11.2026"
    assert formats.time_us(1_796_043_599_000_000) == "30.11.2026 17:59:59"
    assert formats.time_us(0) == "\u2014"


@pytest.mark.parametrize(
    ("seconds", "ru", "kk"),
    [
        (40, "40 с", "40 с"),
        (-90, "1 мин", "1 мин"),
        (7_260, "2 ч 1 мин", "2 сағ 1 мин"),
        (97_200, "1 дн. 3 ч", "1 күн 3 сағ"),
    ],
)
def test_spans_of_time_show_their_two_largest_parts(seconds: int, ru: str, kk: str) -> None:
    assert (formats.duration("ru", seconds), formats.duration("kk", seconds)) == (ru, kk)


_words = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30).map(str.strip)
_filters = st.builds(
    Filter,
    state=st.sampled_from([*STATES, "any"]),
    kind=st.lists(st.sampled_from([str(kind) for kind in Kind]), unique=True, max_size=4).map(tuple),
    cause=st.sampled_from(["", "damaged", "two-shops"]),
    region=_words,
    shop=_words,
    till=_words,
    shift=st.sampled_from(["", "0", "300"]),
    first=st.none() | st.dates(dt.date(2026, 1, 1), dt.date(2026, 6, 1)),
    last=st.none() | st.dates(dt.date(2026, 6, 2), dt.date(2027, 1, 1)),
    owner=st.sampled_from(["", "-", "aigerim"]),
    text=_words,
    sort=st.sampled_from(SORTS),
    page=st.integers(1, 200),
)


@given(_filters)
def test_a_filter_written_into_the_address_is_read_back_the_same(chosen: Filter) -> None:
    assert read(parse_qsl(chosen.query(page=chosen.page))) == (chosen, ())


@given(st.lists(st.tuples(st.sampled_from([*Filter.__dataclass_fields__, "other"]), st.text(max_size=20)), max_size=8))
def test_any_address_gives_a_filter(pairs: list[tuple[str, str]]) -> None:
    chosen, unread = read(pairs)
    assert set(unread) <= set(Filter.__dataclass_fields__)
    assert read(parse_qsl(chosen.query(page=chosen.page)))[0] == chosen


def test_days_in_the_wrong_order_are_put_right() -> None:
    chosen, _ = read([("first", "2026-11-30"), ("last", "2026-11-01")])
    assert (chosen.first, chosen.last) == (dt.date(2026, 11, 1), dt.date(2026, 11, 30))
    usual = (dt.date(2026, 1, 1), dt.date(2026, 1, 2))
    assert days("x", "", usual) == usual


def test_a_password_fits_only_its_own_hash_and_two_of_the_same_are_stored_differently() -> None:
    first, second = passwords.hashed("пароль 12345", b"a" * 16, 4), passwords.hashed("пароль 12345", b"b" * 16, 4)
    assert first != second
    assert passwords.matches("пароль 12345", first)
    assert not passwords.matches("пароль 12346", first)
    assert not passwords.matches("", passwords.nobody(4))


# RFC 7914, section 12: scrypt("password", "NaCl", N=1024, r=8, p=16), its first 32 bytes.
RFC_7914 = "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"


def test_the_stored_form_is_plain_scrypt() -> None:
    assert passwords.matches("password", f"scrypt$10$8$16${b'NaCl'.hex()}${RFC_7914}")


def test_each_role_may_what_the_one_below_may_and_more() -> None:
    allowed = [{act for act in Act if may(role, act)} for role in Role]
    assert allowed[0] < allowed[1] < allowed[2] == set(Act)
    assert allowed[0] == {Act.LOOK}


_FULL = "0104870000000104215kZ7qW\x1d91ABCD\x1d92" + "a" * 44


@pytest.mark.parametrize(
    ("typed", "ki"),
    [
        (hq_chain.ki(1), hq_chain.ki(1)),
        (f"  {hq_chain.ki(1)}hpeGhG12 ", hq_chain.ki(1)),
        ("(01)04870000000104(21)5kZ7qW", "0104870000000104215kZ7qW"),
        ("]d20104870000000104215kZ7qW\u241d93AbCd", "0104870000000104215kZ7qW"),
        ("0104870000000104215kZ7qW<GS>93AbCd", "0104870000000104215kZ7qW"),
        ("not a code at all", "not a code at all"),
    ],
)
def test_a_code_is_found_in_whatever_form_it_was_pasted(typed: str, ki: str) -> None:
    assert find(typed).kis == (ki,)


@given(st.text(max_size=400))
def test_anything_pasted_gives_an_answer(typed: str) -> None:
    found = find(typed)
    assert found.kis or found.problem
