"""Both directions of the keyboard maps."""

from __future__ import annotations

import pytest

from marking.charset import AI82
from marking.keymaps import KAZRUS, KZ, RU, US_ROWS, Layout

# Original, Russian layout, Kazakh layout. Source: xkeyboard-config symbols/ru (winkeys) and symbols/kz (basic).
ROUND_TRIPS = [
    ("04870249811936t1Xrb-xQWhpeGhG", "04870249811936е1Чки-чЙЦрзуПрП", 'қңү.қәңұү""ұі,е"ЧкиөчЙЦрзуПрП'),
    ("04870249811936'dTOZwQTEMrcDNE", "04870249811936эвЕЩЯцЙЕУЬксВТУ", 'қңү.қәңұү""ұі,эвЕЩЯцЙЕУЬксВТУ'),
    ("0104670540176099215<pGKy93dGVz", "0104670540176099215БзПЛн93вПМя", 'қ"қң,.қғңқ".,құұә"ғБзПЛнұівПМя'),
]


@pytest.mark.parametrize(("us", "ru", "kz"), ROUND_TRIPS)
def test_a_line_typed_in_one_layout_inverts_without_loss(us: str, ru: str, kz: str) -> None:
    assert (RU.type(us), KZ.type(us)) == (ru, kz)
    assert (RU.invert(ru), KZ.invert(kz)) == (us, us)


@pytest.mark.parametrize("layout", [RU, KZ, KAZRUS], ids=lambda layout: layout.name)
def test_every_key_of_a_layout_goes_both_ways(layout: Layout) -> None:
    keys = "".join(US_ROWS)
    assert len(layout.typed) == len(layout.meant) == len(keys) == 94
    assert layout.invert(layout.type(keys)) == keys


def test_the_specials_of_a_code_change_as_the_layouts_say() -> None:
    assert RU.type("\"',./?:;<>&") == "Ээбю.,Жж" + "БЮ?"
    assert RU.type("!%()*+-=_0123456789") == "!%()*+-=_0123456789"
    assert KZ.type("%&()*+-_=/\"',.:;<>!?") == "Ғ:ҰҚҮҺөӨһ№ЭэбюЖжБЮ!?"


def test_some_characters_no_code_produces_under_a_layout() -> None:
    assert not set(RU.type(AI82)) & set("\"&'/:;<>")
    assert not set(KZ.type(AI82)) & set("0123456789%&'()*+-/;<=>_")


def test_the_kazakh_variant_with_digits_keeps_them() -> None:
    assert KAZRUS.type("owadxm']0123456789") == "ғңөқіүәұ" + "0123456789"
