"""The benchmark of streams measures what it says it does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(autouse=True)
def _path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] in ("streaming", "streams")]:
        del sys.modules[name]


def _stream(labels):
    from streaming.streams import Stream

    return Stream("made up", [({"x": float(n)}, y) for n, y in enumerate(labels)], is_classes=True)


@pytest.mark.parametrize("delay", [0, 2])
def test_labels_are_known_after_the_delay(delay):
    from streams import measure

    class Noting:
        def __init__(self):
            self.seen = []

        def predict(self, row, key):
            self.seen.append(("predict", key))
            return {"a": 0.75, "b": 0.25}

        def learn(self, row, key, y):
            assert row == {"x": float(key)}
            self.seen.append(("learn", key))

    learner = Noting()
    result = measure(_stream("aab"), learner, delay)
    assert result.score == pytest.approx(2 / 3)
    assert result.loss == pytest.approx(0.6538, abs=1e-4)  # -(2 log .75 + log .25) / 3
    learned = [place for place, (what, _) in enumerate(learner.seen) if what == "learn"]
    assert learner.seen[learned[0] - 1] == ("predict", delay)


def test_some_columns_come_and_go():
    from streaming.streams import Stream, coming_and_going

    whole = Stream("made up", [(dict.fromkeys("abcdef", 1.0), 0)] * 5000, is_classes=True)
    stream = coming_and_going(whole, 0.3, seed=0)
    assert stream.name == "made up, 30% come and go"
    counts = {name: sum(name in row for row, _ in stream.pairs) for name in "abcdef"}
    assert sorted(count < 5000 for count in counts.values()) == [False] * 4 + [True] * 2
    assert all(count > 500 for count in counts.values())


def test_no_change_predicts_the_latest_label():
    from streaming.peers import LEARNERS
    from streams import measure

    stream = _stream("aaab")
    assert measure(stream, LEARNERS["no-change"](stream, 0), 0).score == pytest.approx(0.5)


@pytest.mark.parametrize("delay", [0, 5])
def test_ours_and_all_its_variants_run(delay):
    from streaming.ablation import VARIANTS
    from streams import measure

    stream = _stream("ab" * 20)
    scores = {name: measure(stream, make(stream, 0), delay) for name, make in VARIANTS.items()}
    different = {round(result.loss, 9) for result in scores.values()}
    assert len(different) == len(scores)


def test_a_wild_label_harms_later_windows():
    from streaming.streams import Stream
    from streaming.wild import WINDOW, harm

    class LargestSoFar:
        def __init__(self):
            self.largest = 1.0

        def predict(self, row, key):
            return self.largest

        def learn(self, row, key, y):
            self.largest = max(self.largest, y)

    stream = Stream("zeros", [({}, 0.0)] * (8 * WINDOW), is_classes=False)
    harms = list(harm(stream, LargestSoFar, [0.5, 7.0]))
    assert [(label, factors.tolist()) for label, factors in harms] == [
        (0.5, [1.0] * 4),
        (7.0, [7.0] * 4),
    ]


def test_the_command_measures_wild_labels(monkeypatch, capsys):
    import streams

    options = ["streams.py", "--streams", "waves", "--rows", "1400", "--wild", "1e9"]
    monkeypatch.setattr(sys, "argv", options)
    assert streams.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "waves, madaline, 1e+09",
        "waves, madaline, -1e+09",
    ]
    assert all(float(line.split()[-1]) < 1.2 for line in lines)
