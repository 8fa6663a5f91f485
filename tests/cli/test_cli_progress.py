"""What is shown while a fit runs, on a terminal and elsewhere."""

from __future__ import annotations

import io
import os

import pytest

from madaline.cli.progress import EventLines, LiveLeaderboard, can_redraw
from madaline.records.race_decisions import Dropped
from madaline.records.record import Record


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


def test_lines_tell_only_what_is_better_than_before() -> None:
    stream = io.StringIO()
    losses = {1: 0.9, 2: 0.9, 5: 0.8, 7: 0.5, 10: 0.5, 12: 0.4}
    with EventLines(stream) as progress:
        best = 9.0
        for epoch in range(1, 13):
            loss = losses.get(epoch, 1.0)
            best = min(best, loss)
            progress.show(Record(epoch, "one", loss, best, 0.03, 1, 1e6, "1"), None)
    assert stream.getvalue().splitlines() == [
        "epoch   1  best loss 0.9000  one  (1 racing)",
        "epoch   5  best loss 0.8000  one  (1 racing)",
        "epoch  10  best loss 0.5000  one  (1 racing)",
        "epoch  12  best loss 0.4000  one  (1 racing)",
    ]


def test_live_leaderboard_draws_and_cleans_up(capsys, monkeypatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    with LiveLeaderboard() as progress:
        for epoch in (1, 2, 3):
            for recipe, loss in (("slow [b]", 0.9), ("quick", 0.5 / epoch)):
                progress.show(Record(epoch, recipe, loss, loss, 0.03, 2, 1e9, recipe), None)
        progress.live.refresh()
        progress.show(
            Record(3, "slow [b]", 0.9, 0.9, 0.03, 2, 1e9, "slow [b]"),
            Dropped(3, "slow [b]", 0.9, 0.5, 0.0, recipe_id="slow [b]"),
        )
    drawn = capsys.readouterr().err
    assert "epoch   3  drop slow [b]: Loss 0.9000" in drawn
    assert drawn.index("quick") < drawn.index("slow [b]")  # best first
    assert "epoch 3, 1.0 billion multiply-adds" in drawn
    assert "\x1b[?25h" in drawn[-40:]  # the cursor is back


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
    assert "loss by epoch" in shown.decode()
    assert shown.count(b"\x1b[?25l") == shown.count(b"\x1b[?25h") == 1
    assert b"\x1b" not in out


def read(handle: int) -> bytes:
    """Return some bytes; none at the end, which Linux reports as an error."""
    try:
        return os.read(handle, 65536)
    except OSError:
        return b""
