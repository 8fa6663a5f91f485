"""What is shown while a fit runs, on a terminal and elsewhere."""

from __future__ import annotations

import io
import os
import re
import sys

import pytest

from madaline._race.plan import Plan
from madaline._tell.progress.drawn_line import can_redraw
from madaline._tell.progress.progress import (
    EPOCHS,
    EPOCHS_OF_VARIANTS,
    Clock,
    EventLines,
    Leaderboard,
    LiveLeaderboard,
)
from madaline.records.history import Record
from madaline.records.race_decisions import Dropped, LearningRateLowered


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "encoding", "expected"),
    [
        ({"TERM": "xterm"}, "utf-8", True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "utf-8", True),
        ({"TERM": "xterm", "CI": "true"}, "utf-8", False),
        ({"TERM": "dumb"}, "utf-8", False),
        ({}, "utf-8", False),
        ({"TERM": "xterm"}, "ascii", False),
    ],
)
def test_where_the_leaderboard_is_drawn(monkeypatch, environment, encoding, expected) -> None:
    for name in ("TERM", "CI", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert can_redraw(Terminal(io.BytesIO(), encoding=encoding)) is expected
    assert not can_redraw(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))


PLAN = Plan((), 5, 32, epochs=100, patience=6, patience_of_copies=3)


class SetClock(Clock):
    """A clock that is set."""

    time = 0.0

    @property
    def elapsed(self) -> float:
        return self.time


def test_a_log_gets_a_line_now_and_then() -> None:
    stream, clock = io.StringIO(), SetClock(PLAN)
    with EventLines(stream, clock) as progress:
        for epoch in range(1, 101):
            clock.time = 2.0 * epoch
            progress.show(Record(epoch, "one", 1 / epoch, 1 / epoch, 0.03, 1, 1e6, "1"), None)
    *lines, first, last = stream.getvalue().splitlines()
    times = [int(re.search(r"1 recipe, (?:(\d) min )?(\d+) s", line)[2]) for line in lines]
    assert lines[0].startswith("  epoch   1: validation loss 1.0000, 1 recipe, 2 s, about ")
    assert times[:5] == [2, 12, 22, 34, 52]
    assert len(lines) < 10
    assert f"{first} {last}" == (
        "Trained for 100 epochs in 3 min 20 s. Best recipe: A (one), with a validation loss of"
        " 0.0100 at epoch 100."
    )


@pytest.mark.parametrize(("patience", "gain", "least"), [(203, 0.5, 0.35), (203, 0.3, 0.6)])
def test_the_time_left_of_a_fit_from_files_is_about_right(patience, gain, least) -> None:
    """Epochs take 1.6 seconds, as in a fit of 20,000,000 rows with an effort of 2."""
    cuts = ((2, 6), (4, 3), (6, 2))
    plan = Plan((), 3, 256, epochs=2, patience=patience, flat_gain=0.003, cuts=cuts)
    clock, board = SetClock(plan, None, 2 * 611), Leaderboard(plan.flat_gain)
    lines = EventLines(io.StringIO(), clock)
    assert lines.board == board
    last, racing, epoch, told = (9.0, 0), 9, 0, []
    while epoch - last[1] < patience:
        epoch += 1
        loss = 0.267 + gain / epoch
        for number in range(racing):
            facts = loss + number / 100, 0.03, racing, 0.0
            board.add(Record(epoch, f"{number}", facts[0], *facts, str(number)))
        clock.time += 0.8 * racing
        last = (loss, epoch) if loss < last[0] - plan.flat_gain * loss else last
        before, racing = racing, min(racing, dict(cuts).get(epoch, racing))
        for number in range(racing, before):
            board.note(Dropped(epoch, f"{number}", loss, loss, 0.0, recipe_id=str(number)))
        told.append((clock.time, clock.left(board)))
    total = clock.time
    ratios = [left / (total - time) for time, left in told if 0.1 < time / total < 0.9]
    assert least < min(ratios)
    assert max(ratios) < 1.75
    assert 0.6 < ratios[0] < 1.5
    lefts = [left for _, left in told]
    assert lefts[-1] < 0.15 * max(lefts)  # it does not stand still


def test_the_time_left_is_that_until_nothing_improves() -> None:
    clock, board = SetClock(PLAN), Leaderboard()
    assert clock.left(board) is None
    for name in "abc":
        board.add(Record(1, name, 0.5, 0.5, 0.03, 3, 1e6, name))
    clock.time = 3.0
    assert clock.left(board) == pytest.approx(3 * 7 + EPOCHS_OF_VARIANTS)
    for epoch in range(2, 5):
        for name, best in (("a", 0.5), ("b", 0.5 / epoch)):
            board.add(Record(epoch, name, 0.5 / epoch + (name == "a"), best, 0.03, 2, 1e6, name))
    board.note(Dropped(3, "c", 0.9, 0.5, 0.0, recipe_id="c"))
    clock.time = 9.0
    assert clock.left(board) == pytest.approx(3 + 12 + EPOCHS_OF_VARIANTS)
    clock.limit = 12
    assert clock.left(board) == 3


def test_a_fit_that_goes_on_knows_the_loss_that_was_reached(capsys) -> None:
    with EventLines(sys.stderr, SetClock(PLAN)) as progress:
        progress.show(Record(17, "a", 0.5, 0.25, 0.03, 1, 1e6, "a"), None)
    assert "epoch  17: validation loss 0.2500, 1 recipe" in capsys.readouterr().err


def test_the_live_leaderboard_leaves_what_training_came_to(capsys, monkeypatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    with LiveLeaderboard(EventLines(sys.stderr, SetClock(PLAN), verbosity=1)) as progress:
        for epoch in (1, 2, 3):
            for recipe, loss in (("slow [b]", 0.9), ("quick", 0.5 / epoch)):
                progress.show(Record(epoch, recipe, loss, loss, 0.03, 2, 1e9, recipe), None)
        progress.live.refresh()
        decision = Dropped(3, "slow [b]", 0.9, 0.5, 0.0, recipe_id="slow [b]")
        progress.show(Record(3, "slow [b]", 0.9, 0.9, 0.03, 2, 1e9, "slow [b]"), decision)
        progress.evaluate()
        progress.live.refresh()
    drawn = capsys.readouterr().err
    assert "epoch   3  A: Stopped early: validation loss 0.9000" in drawn
    assert drawn.rindex("B  quick") < drawn.rindex("A  slow [b]")  # best first
    assert "epoch 3, 0 s" in drawn
    assert "evaluating, 0 s" in drawn
    last = drawn[drawn.rindex("\x1b[?25h") :]  # the cursor is back
    assert "B  quick" not in last
    told = " ".join(last.split())
    assert "Trained for 3 epochs in 0 s. Best recipe: B (quick), with a validation loss of" in told


def test_a_variant_on_the_leaderboard_says_of_which_recipe(capsys, monkeypatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    with LiveLeaderboard(EventLines(sys.stderr, SetClock(PLAN))) as progress:
        for epoch, recipe in enumerate(["16 bins", "16 bins \u00b7 dropout 20%"], start=1):
            progress.show(Record(epoch, recipe, 0.5, 0.5, 0.03, 2, 1e9, recipe), None)
        progress.live.refresh()
    drawn = capsys.readouterr().err
    assert "A\u2032 A with dropout 20%" in drawn
    last = drawn[drawn.rindex("\x1b[?25h") :]
    assert "A  16 bins" not in last
    assert "Trained for 2 epochs" in last


def test_decisions_and_epochs_are_about_letters() -> None:
    stream = io.StringIO()
    lines = EventLines(stream, SetClock(PLAN), verbosity=EPOCHS)
    record = Record(1, "16 bins · 64", 0.5, 0.5, 0.03, 1, 1e6, "1")
    assert lines.take(record, None) == [
        "A is 16 bins · 64",
        "epoch   1  A: validation loss 0.5000 (best)",
    ]
    lowered = LearningRateLowered(1, "16 bins · 64 · learning rate 0.01", 0.5, 0.01, 0.03)
    assert lines.take(record, lowered)[0].startswith("epoch   1  A (learning rate 0.01): The best")


def test_variants_are_named_after_their_origin() -> None:
    board = Leaderboard()
    board.add(Record(1, "16 bins", 0.5, 0.5, 0.03, 1, 1e6, "1"))
    for epoch, name in enumerate(["16 bins · learning rate 0.01", "32 bins", "16 bins"], start=2):
        board.add(Record(epoch, name, 0.4, 0.4, 0.01, 1, 1e6, str(epoch)))
    shown = [(entry.letter, entry.recipe) for entry in board.entries.values()]
    assert shown == [
        ("A", "16 bins"),
        ("A\u2032", "learning rate 0.01"),
        ("B", "32 bins"),
        ("C", "16 bins"),
    ]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="pseudo terminals are POSIX")
def test_a_terminal_gets_a_leaderboard_and_its_cursor_back(start, environment, fruit) -> None:
    import pty

    ours, theirs = pty.openpty()
    plain = {name: value for name, value in environment.items() if name != "CI"}
    words = ("fit", fruit, "--target", "kind", "--effort", 3)
    process = start(*words, stderr=theirs, env=plain | {"TERM": "xterm"})
    os.close(theirs)
    shown = b"".join(iter(lambda: read(ours), b""))
    os.close(ours)
    out = process.communicate()[0]
    assert process.returncode == 0
    assert "validation loss" in shown.decode()
    assert shown.count(b"\x1b[?25l") == shown.count(b"\x1b[?25h") == 1
    assert b"\x1b" not in out


def read(handle: int) -> bytes:
    """Return some bytes; none at the end, which Linux reports as an error."""
    try:
        return os.read(handle, 65536)
    except OSError:
        return b""
