"""Texts that are hard for networks: few rows, a rare topic, many classes, phrases, names, codes.

Tasks are drawn from public sets of texts, several times each: some rows to learn from, others to
test. Beside madaline with default arguments stands logistic regression on TF-IDF whose strength
five folds choose. Nothing is measured in parallel; seconds are those of the processor.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from pathlib import Path
from typing import Any

import numpy as np

from measuring import append, read_so_far
from reading.contenders import Answers, madaline, regression
from reading.draws import OTHER_TASKS, RARE_TOPICS, TASKS, Draw
from tables import DEFAULT_FOLDER
from timing.tables_of_text import TextTable, digits, put_into_page

PAGE = Path(__file__).resolve().parents[1] / "docs" / "trust" / "texts.md"
RARE = "rare topics"

SECTIONS: Mapping[str, Mapping[str, Draw]] = {
    "texts": TASKS,
    RARE: RARE_TOPICS,
    "names": OTHER_TASKS,
}
"""The sections of the page, and their tasks."""

HEADS = (
    "task",
    "draws",
    "log loss",
    "TF-IDF",
    "ratio",
    "difference",
    "right",
    "TF-IDF",
    "difference",
    "promised",
    "errors off",
    "s",
    "TF-IDF",
)
HEADS_OF_PRECISION = ("average precision", "TF-IDF")


@dataclass(frozen=True)
class Measured:
    """One draw of a task: a row of the file of results.

    Losses are means over the test rows, `right` are shares of them. Differences are those of
    madaline and logistic regression, paired row by row. Errors are standard errors.
    """

    task: str
    draw: int
    n_test: int
    loss: float
    loss_error: float
    loss_regression: float
    loss_difference_error: float
    right: float
    right_regression: float
    right_difference_error: float
    promised: float
    promised_error: float
    seconds: float
    seconds_regression: float
    precision: float = float("nan")
    precision_regression: float = float("nan")

    @classmethod
    def of(cls, task: str, draw: int, ours: Answers, theirs: Answers) -> Measured:
        """Return what came of a draw."""
        hits = ours.hits.astype(float) - theirs.hits
        return cls(
            task,
            draw,
            len(ours.losses),
            float(ours.losses.mean()),
            _error(ours.losses),
            float(theirs.losses.mean()),
            _error(ours.losses - theirs.losses),
            float(ours.hits.mean()),
            float(theirs.hits.mean()),
            _error(hits),
            ours.promised,
            ours.promised_error,
            round(ours.seconds, 2),
            round(theirs.seconds, 2),
            ours.precision,
            theirs.precision,
        )

    @property
    def distance(self) -> float:
        """Standard errors from the promised loss to that of the test rows; both are samples."""
        return (self.promised - self.loss) / hypot(self.promised_error, self.loss_error)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing on every task, and print a table for each section."""
    options = _parse(arguments)
    measured = read_so_far(options.output, Measured)
    for section, tasks in SECTIONS.items():
        names = [one for one in tasks if not options.tasks or any(t in one for t in options.tasks)]
        for draw in range(0 if options.only_show else options.draws):
            for name in names:
                if not any((one.task, one.draw) == (name, draw) for one in measured):
                    measured.append(_measure(name, tasks[name], draw, options.folder))
                    append(options.output, measured[-1])
        names = [one for one in names if any(one == own.task for own in measured)]
        if names:
            own = [one for one in measured if one.task in names and one.draw < options.draws]
            table = _table("Means of the draws", names, own, precision=section == RARE)
            print(table.plain())
            if options.markdown:
                page = put_into_page(PAGE.read_text("utf-8"), section, table.markdown())
                PAGE.write_text(page, "utf-8")
    return 0


def _measure(name: str, draw: Draw, seed: int, folder: Path) -> Measured:
    task = draw.task(folder, seed)
    theirs = regression(task, characters=draw.characters)
    one = Measured.of(name, seed, madaline(task), theirs)
    ratio = one.loss / one.loss_regression
    print(f"{name}, draw {seed}: {ratio:.3f}, {one.seconds} s", file=sys.stderr, flush=True)
    return one


def _table(
    title: str, names: Sequence[str], measured: Sequence[Measured], *, precision: bool = False
) -> TextTable:
    of_tasks = [[one for one in measured if one.task == name] for name in names]
    ratios = [_mean(own, "loss") / _mean(own, "loss_regression") for own in of_tasks]
    lines = [
        _line(name, own, ratio) for name, own, ratio in zip(names, of_tasks, ratios, strict=True)
    ]
    mean, distances = float(np.exp(np.mean(np.log(ratios)))), [one.distance for one in measured]
    far, off = sum(abs(one) > 2 for one in distances), f"{np.mean(distances):+.1f}"
    seconds = [digits(sum(_mean(own, key) for own in of_tasks)) for key in SECONDS]
    off = f"{off}; {far} of {len(distances)} beyond 2"
    lines.append(("geometric mean, mean, sum", *[""] * 3, f"{mean:.3f}", *[""] * 5, off, *seconds))
    if not precision:
        return TextTable(title, HEADS, lines)
    more = [
        tuple(f"{_mean(own, key):.3f}" for key in ("precision", "precision_regression"))
        for own in of_tasks
    ]
    wider = [(*line, *rest) for line, rest in zip(lines, [*more, ("", "")], strict=True)]
    return TextTable(title, (*HEADS, *HEADS_OF_PRECISION), wider)


SECONDS = ("seconds", "seconds_regression")


def _line(name: str, own: Sequence[Measured], ratio: float) -> tuple[str, ...]:
    losses = [(one.loss - one.loss_regression, one.loss_difference_error) for one in own]
    rights = [(one.right - one.right_regression, one.right_difference_error) for one in own]
    (loss, loss_error), (right, right_error) = _paired(losses), _paired(rights)
    return (
        name,
        str(len(own)),
        digits(_mean(own, "loss")),
        digits(_mean(own, "loss_regression")),
        f"{ratio:.3f}",
        f"{loss:+.3f} ± {loss_error:.3f}",
        f"{_mean(own, 'right'):.1%}",
        f"{_mean(own, 'right_regression'):.1%}",
        f"{100 * right:+.1f} ± {100 * right_error:.1f}",
        digits(_mean(own, "promised")),
        " ".join(f"{one.distance:+.1f}" for one in own),
        *(digits(_mean(own, key)) for key in SECONDS),
    )


def _paired(differences: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the mean of the draws' differences and its standard error.

    That is the larger of two: the one that the test rows leave, and the one that shows in how much
    the draws differ.

    Examples
    --------
    >>> _paired([(0.0, 0.3), (0.0, 0.4)]), _paired([(-1.0, 0.0), (1.0, 0.0)])
    ((0.0, 0.25), (0.0, 1.0))
    """
    values, errors = np.array(differences).T
    of_rows = np.sqrt(np.sum(errors**2)) / len(values)
    of_draws = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return float(values.mean()), float(max(of_rows, of_draws))


def _mean(own: Sequence[Measured], key: str) -> float:
    return float(np.mean([getattr(one, key) for one in own]))


def _error(values: Any) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="*", help="parts of the names of tasks; default: all")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument(
        "--only-show", action="store_true", help="show what was measured, measure nothing"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="results to go on with: a CSV file"
    )
    parser.add_argument("--markdown", action="store_true", help="put them into docs/trust")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
