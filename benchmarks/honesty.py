"""How honest madaline is: whether intervals, sets, probabilities and scores keep their promise."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from measuring import Job, Outcome, errors_apart, measure_and_tell, run_worker_if_asked
from tables import DEFAULT_FOLDER, Table, table_names

COVERAGE = 0.9


@dataclass(frozen=True)
class Honesty(Outcome):
    """What was promised and what came of it on the test rows; a row of a file.

    `promised` and `test` are accuracy or R². `coverage` is the share of test rows whose truth is in
    its 90 % set or interval; `size` is the mean number of classes in a set, or the mean width of an
    interval over the standard deviation of the test target. The expected calibration errors are
    those of the test rows without and with the temperature, empty for regression.
    """

    name: str
    method: str
    n_train: int
    metric: str
    promised: float
    promised_error: float
    test: float
    test_error: float
    coverage: float
    size: float
    temperature: float
    error_before: float | None
    error_after: float | None
    cpu_s: float
    seed: int = 0
    arguments: str = "{}"

    @property
    def distance(self) -> float:
        """Standard errors from the promise to the test score, both of which are samples."""
        error = hypot(self.promised_error, self.test_error)
        return errors_apart(self.promised, self.test, error)

    @property
    def own_distance(self) -> float:
        """The same in standard errors of the promise alone, as if the test rows were all rows."""
        return errors_apart(self.promised, self.test, self.promised_error)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the sets and print what was promised and kept; 1 if a set failed, else 0."""
    options = _parse(arguments)
    names = options.sets or table_names(options.folder)
    folder = str(options.folder.resolve())
    jobs = [Job(name, "honesty", seed, folder, {}) for seed in options.seeds for name in names]
    measured, failed = measure_and_tell(
        jobs,
        lambda one: f"{one.name} (seed {one.seed}): {one.cpu_s:.1f} s",
        script=Path(__file__),
        output=options.output,
        parallel=options.jobs,
        kind=Honesty,
    )
    if measured:
        measured.sort(key=lambda one: (names.index(one.name), one.seed))
        print("\n".join([*_lines(measured), "", *_summary(measured)]))
    return 1 if failed else 0


def _lines(measured: Sequence[Honesty]) -> list[str]:
    head = ("set", "promised", "test", "errors", "held", "size", "T", "ECE", "after")
    form = "{:22}{:>18}{:>18}{:>8}{:>7}{:>7}{:>7}{:>8}{:>8}"
    lines = [form.format(*head)]
    for one in measured:
        ends = ("", "", "")
        if one.error_before is not None:
            errors = (f"{error:.4f}" for error in (one.error_before, one.error_after))
            ends = (f"{one.temperature:.2f}", *errors)
        lines.append(
            form.format(
                one.name,
                f"{one.promised:.4f} ± {one.promised_error:.4f}",
                f"{one.test:.4f} ± {one.test_error:.4f}",
                f"{one.distance:+.1f}",
                f"{one.coverage:.3f}",
                f"{one.size:.3f}",
                *ends,
            )
        )
    return lines


def _summary(measured: Sequence[Honesty]) -> list[str]:
    lines = []
    numbers = [one for one in measured if one.error_before is None]
    classes = [one for one in measured if one.error_before is not None]
    for what, some in (("intervals", numbers), ("sets", classes)):
        if some:
            least = min(some, key=lambda one: one.coverage)
            lines.append(
                f"{COVERAGE:.0%} {what} held {fmean(one.coverage for one in some):.3f} of the test"
                f" rows in the mean of {len(some)} tables, the fewest {least.coverage:.3f}"
                f" ({least.name}); mean size {fmean(one.size for one in some):.3f}"
            )
    if classes:
        before, after = (
            fmean(getattr(one, name) for one in classes) for name in ("error_before", "error_after")
        )
        used = sum(one.temperature != 1 for one in classes)
        lines.append(
            f"calibration error {before:.4f} before and {after:.4f} after, in the mean; a"
            f" temperature was used on {used} of {len(classes)}"
        )
    both, own = (
        sum(abs(getattr(one, name)) <= 2 for one in measured)
        for name in ("distance", "own_distance")
    )
    mean = fmean(one.distance for one in measured)
    lines.append(
        f"the test score was within 2 standard errors of the promise on {both} of {len(measured)}"
        f" (within 2 of the promise's own alone on {own}); mean distance {mean:+.2f}"
    )
    return lines


def _build(job: Job, table: Table) -> Any:
    from madaline import AdaptiveClassifier, AdaptiveRegressor

    kind = AdaptiveClassifier if table.is_classification else AdaptiveRegressor
    return kind(random_state=job.seed)


def _measure(job: Job, table: Table, estimator: Any) -> Honesty:
    from madaline._race.evaluation.scores import score_predictions

    start = time.process_time()
    estimator.fit(table.x_train, table.y_train)
    prediction, loss = estimator.predict(table.x_test), estimator.model_.predictor.loss
    test = score_predictions(prediction, table.y_test, loss=loss, name="the target")[0]
    kept = _sets_kept(table, estimator) if table.is_classification else _kept(table, estimator)
    promised = estimator.scores_[0]
    return Honesty(
        job.name,
        job.method,
        len(table.y_train),
        promised.metric,
        promised.value,
        promised.standard_error,
        test.value,
        test.standard_error,
        *kept,
        cpu_s=round(time.process_time() - start, 3),
        seed=job.seed,
    )


def _kept(table: Table, estimator: Any) -> tuple[float, float, float, None, None]:
    """Return coverage and width of intervals, and nothing on probabilities."""
    low, high = estimator.predict_interval(table.x_test, COVERAGE).T
    held = (low <= table.y_test) & (table.y_test <= high)
    width = float(np.mean(high - low) / np.std(table.y_test))
    return float(held.mean()), width, 1.0, None, None


def _sets_kept(table: Table, estimator: Any) -> tuple[float, float, float, float, float]:
    """Return coverage and size of sets, the temperature, and calibration errors."""
    from madaline._race.evaluation.calibration import calibration_error
    from madaline._tables.io.recognition import to_table

    indices = {label: index for index, label in enumerate(estimator.classes_.tolist())}
    truth = np.array([indices[label] for label in table.y_test.tolist()])
    sets = estimator.predict_set(table.x_test, COVERAGE)
    held = sets[np.arange(len(truth)), truth]
    calibrated = estimator.model_.predictor
    encoded = calibrated.encode(to_table(table.x_test))
    errors = []
    for predictor in (replace(calibrated, temperature=1.0), calibrated):
        probability = predictor.predict_proba(encoded)
        hits = probability.argmax(axis=1) == truth
        errors.append(calibration_error(probability.max(axis=1), hits))
    size = float(sets.sum(axis=1).mean())
    return float(held.mean()), size, calibrated.temperature, *errors


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", metavar="NAME", help="default: all small sets")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], metavar="SEED")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--output", type=Path, help="CSV of measurements to write or to go on with")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    run_worker_if_asked(_build, _measure)
    sys.exit(main())
