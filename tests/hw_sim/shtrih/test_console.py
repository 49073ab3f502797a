"""The hand at the simulated register: every word of the family, and a journal of frames a person can read."""

import pytest
from shtrih_till import LONG_KM, Till, close_storage, item_storage


@pytest.fixture
def till():
    return Till(model="fn")


def test_every_word_of_the_family_is_in_the_help_with_what_it_does(till):
    helped = till.console.run("help").splitlines()
    for word in till.sim.switches:
        (line,) = [line for line in helped if line.split()[0] == word]
        assert len(line.split()) > 2


def test_the_clock_can_be_moved(till):
    assert till.console.run("clock +3600") == "2026-07-15 10:00:00"
    assert till.console.run("clock -86400") == "2026-07-14 10:00:00"
    assert till.good("11")[23:29][:4] == bytes([14, 7, 26, 10])


def test_the_shift_can_be_made_older(till):
    assert till.console.run("shift age 25") == "shift: no shift is open"
    till.sold(100)
    assert till.console.run("shift age 25") == "mode 03 (shift longer than 24 h), submode 0 (at rest)"
    assert till.state() == (3, 0)
    assert till.console.run("shift what") == "shift: shift age HOURS"


def test_the_mode_can_be_looked_at(till):
    till.sell(100)
    assert till.console.run("mode") == "mode 08 (sale open, 1 operations), submode 0 (at rest), flags 0290"


def test_another_operator_and_another_program_can_be_played(till):
    assert till.console.run("foreign 3") == "done"
    assert till.console.run("foreign") == "foreign: a receipt is open already"
    assert till.register.receipt.operator == 3
    assert till.console.run("jump 500") == "done"
    assert [row["total_tiyn"] for row in till.memory.rows()] == [500]
    assert till.memory.cancelled == 1
    assert till.console.run("stuck") == "done"
    assert till.console.run("jump") == "refused with 02"


def test_counters_can_be_turned_back(till):
    till.sold(100)
    assert till.console.run("back 1") == "done"
    assert (till.counter(148), till.last_fd()) == (0, 2)


def test_register_and_storage_can_be_exchanged(till):
    till.console.run("serial 00099999")
    till.console.run("storage 9999078900000002")
    assert int.from_bytes(till.good("11")[30:34], "little") == 99999
    assert till.good("FF01")[10:26] == b"9999078900000002"


def test_operator_and_server_can_be_switched_off(till):
    assert till.console.run("ofd down") == "0 documents wait"
    till.sold(100)
    assert till.console.run("ofd down") == "2 documents wait"
    assert till.console.run("server down") == "done" and till.register.marks.alone
    assert till.console.run("server up") == "done" and not till.register.marks.alone
    assert till.console.run("server") == "server: up or down"
    assert till.console.run("verdict 256") == "verdict: a result is one byte"


def test_the_drawer_can_be_pushed_in(till):
    till.good("28", b"\0")
    assert till.console.run("drawer close") == "done"
    assert not till.machine.mechanics.drawer_open
    assert till.console.run("drawer") == "drawer: drawer close"


def test_a_model_without_a_storage_says_so():
    assert Till(model="kz-fr").console.run("ofd down") == "ofd: this model has no fiscal storage"


def test_the_journal_can_be_read_by_a_person(till):
    till.good("FF46", item_storage(12345, 1_500_000))
    till.ask("FF67", bytes([len(LONG_KM)]) + LONG_KM)
    till.good("FF45", close_storage(20000))
    till.error("85")
    lines = till.console.run("frames 100").splitlines()
    told = [line.split("  ")[-1].strip() for line in lines if not line.startswith("    ")]
    assert max(len(line) for line in lines if line.startswith("    ")) <= 80  # The bytes of long frames.
    assert "item: operation 1, quantity 1.500000, price 123.45, sum computed, tax_sum computed, tax 1" in told[2]
    assert told[2].endswith("department 1, method 4, subject 1, name 'СҮТ'".replace("СҮТ", "Сїт"))
    assert "ok, subtotal 185.18" in told
    assert "ok, 0104603276002586215Qbag!<GS>93Zjqw" in told
    assert any(
        line.startswith("ok, document 3, sign ") and line.endswith("total 185.18, change 14.82") for line in told
    )
    assert "close the receipt: wrong length" in told
    assert "error 7E: wrong length" in told
    assert lines[0].endswith("> ENQ      05")


def test_noise_and_faults_stand_in_the_journal():
    till = Till(model="kz-fr")
    till.machine.faults.add("busy_50")
    till.ask("10")
    till.line.write(b"\x02\x01\xfc\x00")
    told = [note.text() for note in till.machine.frames]
    assert any("! busy_50" in line for line in told)
    assert any("! bad LRC" in line for line in told)
