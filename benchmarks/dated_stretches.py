"""How often a stretch of time differs from all before it, so that nothing measured foretells it.

A table is cut into 20 stretches. LightGBM learns from all rows before a stretch and predicts it. If
stretches were alike, the loss on the next would be above those on the n before it once in n + 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from dated import loss_and_errors
from dated_methods import METHODS, cut
from dated_tables import SOURCES, load_frame, names_of
from tables import DEFAULT_FOLDER

STRETCHES = 20
FIRST = 6
"""The stretch that is predicted first."""
BEFORE = 6
"""How many stretches must have been predicted before one is compared with them."""
FAR = 1.5


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line a table, and the shares of all stretches."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", nargs="+", choices=SOURCES, metavar="NAME", default=names_of())
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    options = parser.parse_args(arguments)
    counts = []
    for name in options.tables:
        losses = list(stretch_losses(name, options.folder))
        counts.append(compare(losses))
        print(f"{name:18} {' '.join(f'{loss:.3g}' for loss in losses)}", flush=True)
    n, above, expected, far = np.sum(counts, axis=0)
    print(
        f"{n:.0f} stretches: {above / n:.0%} had a loss above those of all stretches before"
        f" ({expected / n:.0%} if stretches were alike), {far / n:.0%} above {FAR} times those"
    )
    return 0


def stretch_losses(name: str, folder: Path) -> Iterator[float]:
    """Yield the loss on each stretch from `FIRST` on, learned from all rows before it."""
    frame = load_frame(name, folder)
    bounds = np.linspace(0, len(frame), STRETCHES + 1).astype(int)
    for start, stop in zip(bounds[FIRST:-1], bounds[FIRST + 1 :], strict=True):
        table = cut(name, frame.iloc[:stop], start, start)
        if len(table.y_test):
            estimator = METHODS["lightgbm"](table, 0)
            estimator.fit(table.x_train, table.y_train)
            classes = getattr(estimator, "classes_", None)
            predict = estimator.predict if classes is None else estimator.predict_proba
            yield loss_and_errors(table, np.asarray(predict(table.x_test)), classes)[0]


def compare(losses: Sequence[float]) -> tuple[int, int, float, int]:
    """Count the later stretches, those above all before, by chance as well, and far above."""
    later = range(BEFORE, len(losses))
    highest = [max(losses[:index]) for index in later]
    return (
        len(later),
        sum(losses[i] > most for i, most in zip(later, highest, strict=True)),
        sum(1 / (index + 1) for index in later),
        sum(losses[i] > FAR * most for i, most in zip(later, highest, strict=True)),
    )


if __name__ == "__main__":
    sys.exit(main())
