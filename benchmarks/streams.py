"""Streams: test on every row, then learn it, beside river's learners.

    python benchmarks/streams.py --streams electricity sea --delays 0 48

Every score and its time goes into `build/streams.csv`; what is there is not measured again. Those
of the peers go into the folder of `--cache`, where one is given: they outlast changes of madaline.
`--ablation` leaves out parts of the population instead of asking peers; `--coming-and-going 0.3`
lets 30 % of the columns come and go.

    python benchmarks/streams.py --streams diamonds waves --wild 1e4 1e300

measures what one wild label costs: a stream of numbers is played as it is, then with a single label
of that size, of either sign.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from streaming.streams import STREAMS, Stream, coming_and_going, load_stream
from tables import DEFAULT_FOLDER

LEAST_PROBABILITY = 1e-3
"""Log losses are cut off here, as many of river's learners give a probability of zero."""

OURS = "madaline"
"""The learner whose results change with this project."""

FIELDS = ("stream", "learner", "delay", "seed", "rows", "score", "loss", "microseconds")


class Learner(Protocol):
    """What is measured."""

    def predict(self, row: dict[str, Any], key: int) -> Any:
        """Return probabilities of classes, or a number."""

    def learn(self, row: dict[str, Any], key: int, y: Any) -> None:
        """Learn the label of a row that was predicted under that key."""


@dataclass
class Result:
    """Accuracy (or RMSE), log loss (or RMSE) and processor time of a row."""

    score: float
    loss: float
    microseconds: float


def measure(stream: Stream, learner: Learner, delay: int) -> Result:
    """Let a learner predict each row, and learn its label `delay` rows later."""
    waiting: deque[tuple[dict[str, Any], int, Any]] = deque()
    right = loss = 0.0
    started = time.process_time()
    for key, (row, y) in enumerate(stream.rows()):
        prediction = learner.predict(row, key)
        if stream.is_classes:
            shares = {} if prediction is None else prediction
            total = sum(shares.values()) or 1.0
            true = shares.get(y, 0.0) / total if shares else 1 / stream.n_classes
            loss -= np.log(max(true, LEAST_PROBABILITY))
            right += bool(shares) and max(shares, key=shares.__getitem__) == y
        else:
            loss += (prediction - y) ** 2
        waiting.append((row, key, y))
        if len(waiting) > delay:
            learner.learn(*waiting.popleft())
    taken = (time.process_time() - started) / len(stream)
    mean = loss / len(stream)
    if not stream.is_classes:
        return Result(mean**0.5, mean**0.5, taken * 1e6)
    return Result(right / len(stream), mean, taken * 1e6)


def main() -> int:
    """Measure what was asked for, and print the table of all that is known."""
    options = _parse()
    if options.wild:
        return _measure_wild_labels(options)
    learners = _learners(ablation=options.ablation)
    own = options.output / ("streams_ablation.csv" if options.ablation else "streams.csv")
    peers = own if options.ablation else (options.cache or options.output) / own.name
    known = {row[:5] for row in _read(own) | _read(peers)}
    for name in options.streams or STREAMS:
        for delay in options.delays:
            for seed in range(options.seeds):
                stream = load_stream(name, options.folder, options.rows, seed)
                if options.coming_and_going:
                    stream = coming_and_going(stream, options.coming_and_going, seed)
                for learner in options.only or learners:
                    key = (stream.name, learner, str(delay), str(seed), str(len(stream)))
                    if key in known:
                        continue
                    result = measure(stream, learners[learner](stream, seed), delay)
                    path = own if learner == OURS else peers
                    _append(path, [*key, result.score, result.loss, result.microseconds])
                    print(*key, f"{result.score:.4f} {result.loss:.4f}", flush=True)
    print(_table(_read(own) | _read(peers)))
    return 0


def _measure_wild_labels(options: argparse.Namespace) -> int:
    """Print by what factor errors are larger later, at most and in the mean of all windows."""
    from streaming.peers import LEARNERS
    from streaming.wild import harm

    numbers = [name for name, (_, is_classes) in STREAMS.items() if not is_classes]
    for name in options.streams or numbers:
        stream = load_stream(name, options.folder, options.rows, seed=0)
        for learner in options.only or [OURS]:
            make = partial(LEARNERS[learner], stream, 0)
            for label, factors in harm(stream, make, [*options.wild, *np.negative(options.wild)]):
                print(
                    f"{name}, {learner}, {label:g}: {factors.max():.3f} {factors.mean():.3f}",
                    flush=True,
                )
    return 0


def _learners(*, ablation: bool) -> dict[str, Callable[[Stream, int], Learner]]:
    if ablation:
        from streaming.ablation import VARIANTS

        return dict(VARIANTS)
    from streaming.peers import LEARNERS

    return dict(LEARNERS)


def _read(path: Path) -> set[tuple[str, ...]]:
    """Return the results of a file, none if there is none."""
    if not path.exists():
        return set()
    with path.open() as file:
        return {tuple(row) for row in csv.reader(file)}


def _append(path: Path, row: list[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", newline="") as file:
        csv.writer(file).writerow(row)


def _table(known: set[tuple[str, ...]]) -> str:
    """Return a line for each stream and delay: score and loss of every learner, over seeds."""
    rows = [dict(zip(FIELDS, row, strict=True)) for row in sorted(known)]
    lines = []
    for case in dict.fromkeys((row["stream"], row["delay"], row["rows"]) for row in rows):
        lines.append("\n{}, labels {} rows late, {} rows".format(*case))
        lines += _means([row for row in rows if (row["stream"], row["delay"], row["rows"]) == case])
    return "\n".join(lines)


def _means(rows: list[dict[str, str]]) -> Iterator[str]:
    for learner in dict.fromkeys(row["learner"] for row in rows):
        values = np.array(
            [
                [float(row[field]) for field in FIELDS[5:]]
                for row in rows
                if row["learner"] == learner
            ]
        )
        score, loss, taken = values.mean(axis=0)
        yield f"  {learner:32} {score:.4f} {loss:.4f} {taken:6.0f} us, {len(values)} seeds"


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", nargs="+", choices=list(STREAMS), metavar="NAME")
    parser.add_argument("--delays", nargs="+", type=int, default=[0, 48, 480])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=20_000, help="at most so many of a stream")
    parser.add_argument("--only", nargs="+", metavar="LEARNER")
    text = "let a share of the columns come and go, such as 0.3"
    parser.add_argument("--coming-and-going", type=float, metavar="SHARE", help=text)
    parser.add_argument("--ablation", action="store_true")
    parser.add_argument("--wild", nargs="+", type=float, metavar="LABEL")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where results of peers are kept")
    parser.add_argument("--output", type=Path, default=Path("build"))
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
