"""What explaining costs and how far off it is, beside the estimators of shap on the same model."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madaline import AdaptiveClassifier, AdaptiveRegressor, FittedModel
from madaline._tables.io.recognition import to_table
from madaline._tables.table import Table
from madaline._tell.explain import explain
from madaline._tell.explain.attributions.comparison import some_rows
from tables import DEFAULT_FOLDER, load_table

REFERENCE_PERMUTATIONS = 4000
"""Orders of the reference: at 100 background rows, 40 of each and back."""


def main() -> None:
    """Print a line for each method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", default=["adult"], metavar="NAME")
    parser.add_argument("--rows", type=int, default=1000, help="test rows that we explain")
    parser.add_argument("--shap-rows", type=int, default=20, help="those that shap explains, too")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="where the tables are")
    arguments = parser.parse_args()
    for name in arguments.sets:
        table = load_table(arguments.folder, name)
        make = AdaptiveClassifier if table.is_classification else AdaptiveRegressor
        model = make(random_state=0).fit(table.x_train, table.y_train).model_
        rows, train = to_table(table.x_test[: arguments.rows]), to_table(table.x_train)
        background = some_rows(train)
        print(f"{name}: {rows.n_samples:,} rows, {len(model.predictor.encoder.columns)} columns")
        print(*expected_gradients(model, rows, background, train), sep="\n", flush=True)
        few = rows.take(slice(arguments.shap_rows))
        print(*shapley_values(model, few, background), sep="\n", flush=True)


def expected_gradients(
    model: FittedModel, rows: Table, background: Table, train: Table
) -> Iterator[str]:
    """Yield the cost of expected gradients, and their errors by nodes and by background."""
    settings: dict[str, Any] = {"target_class": _second_class(model)}
    found, seconds = _timed(lambda: explain(model, rows, background=background, **settings))
    yield f"  expected gradients: {seconds:.2f} s, remaining {abs(found.remaining).max():.1e}"
    few = rows.take(slice(200))
    ours = found.attributions[: few.n_samples]
    many = explain(model, few, background=background, nodes=128, **settings).attributions
    yield f"    off those of 128 nodes by {_off(ours, many):.5f}"
    drawn = np.random.default_rng(1).permutation(train.n_samples)[:2000].reshape(-1, 100)
    whole = np.mean(
        [
            explain(model, few, background=train.take(part), **settings).attributions
            for part in drawn
        ],
        axis=0,
    )
    yield f"    off those of 2,000 background rows by {_off(ours, whole):.3f}"
    one = explain(model, few, **settings).attributions
    yield f"    those of an average row by {_off(one, whole):.3f}"
    mean = explain(model, few, background=background, method="integrated", **settings)
    yield f"    integrated gradients from the mean row by {_off(mean.attributions, whole):.3f}"
    slope = explain(model, few, background=background, method="slope", **settings)
    yield f"    slope times difference by {_off(slope.attributions, whole):.3f}"


def shapley_values(model: FittedModel, rows: Table, background: Table) -> Iterator[str]:
    """Yield cost and error of Shapley values, ours and those of shap."""
    label = _second_class(model)

    def ours(permutations: int, seed: int = 0) -> Any:
        return explain(
            model,
            rows,
            background=background,
            target_class=label,
            method="shapley",
            permutations=permutations,
            seed=seed,
        )

    reference = ours(REFERENCE_PERMUTATIONS, seed=1)
    truth = reference.attributions
    error = reference.standard_errors.mean() / np.abs(truth).mean()
    yield f"  Shapley values of {rows.n_samples} rows; standard error of the reference {error:.4f}"
    per_thousand = 1000 / rows.n_samples
    for permutations in (100, 1000):
        found, seconds = _timed(lambda count=permutations: ours(count))
        promised = np.sqrt(np.mean(np.square(found.standard_errors)))
        actual = np.sqrt(np.mean(np.square(found.attributions - truth)))
        yield (
            f"    madaline, permutations={permutations}: {seconds * per_thousand:.1f} s for 1,000"
            f" rows, off by {_off(found.attributions, truth):.4f}"
            f" (root mean square {actual:.2g}, promised {promised:.2g})"
        )
    quick, _ = _timed(lambda: explain(model, rows, background=background, target_class=label))
    off = _off(quick.attributions, truth)
    yield f"    expected gradients differ from Shapley values by {off:.3f}"
    for method, found, seconds in of_shap(model, rows, background, label):
        yield (
            f"    {method}: {seconds * per_thousand:.1f} s for 1,000 rows,"
            f" off by {_off(found, truth):.4f}"
        )


def of_shap(
    model: FittedModel, rows: Table, background: Table, label: Any
) -> Iterator[tuple[str, NDArray[np.float64], float]]:
    """Yield name, attributions and processor seconds of the estimators of shap."""
    import shap

    columns = model.predictor.encoder.columns
    to_codes, to_values = _codes(columns, rows, background)
    x, others = to_codes(rows), to_codes(background)

    def answer(codes: NDArray[np.float64]) -> NDArray[np.float64]:
        output = model.predictor.output(to_values(codes))
        if label is None:
            target_encoder: Any = model.predictor.target_encoder
            return output[:, 0] * target_encoder.scale + target_encoder.center
        return output[:, 0]

    masker = shap.maskers.Independent(others, max_samples=len(others))
    permutation = shap.PermutationExplainer(answer, masker, seed=0)
    kernel = shap.KernelExplainer(answer, others)
    permutation(x[:1])  # compiles
    for evaluations in (500, 5000):
        found, seconds = _timed(
            lambda count=evaluations: permutation(x, max_evals=count, silent=True).values
        )
        yield f"shap.PermutationExplainer, max_evals={evaluations}", found, seconds
    np.random.seed(0)  # noqa: NPY002 - KernelExplainer draws from the global state
    found, seconds = _timed(lambda: kernel.shap_values(x, silent=True))
    yield "shap.KernelExplainer", found, seconds


def _codes(
    columns: tuple[str, ...], *tables: Table
) -> tuple[Callable[[Table], NDArray[np.float64]], Callable[[NDArray[np.float64]], Table]]:
    """Return functions from a table to numbers, which shap needs, and back."""
    levels = {
        name: sorted({str(level) for table in tables for level in table[name]})
        for name in columns
        if tables[0][name].dtype == object
    }

    def to_codes(table: Table) -> NDArray[np.float64]:
        codes = [
            [levels[name].index(str(level)) for level in table[name]]
            if name in levels
            else table[name]
            for name in columns
        ]
        return np.array(codes, float).T

    def to_values(codes: NDArray[np.float64]) -> Table:
        texts = {
            name: np.array([None if level == "None" else level for level in own], object)
            for name, own in levels.items()
        }
        return Table.from_columns(
            {
                name: texts[name][codes[:, index].astype(int)]
                if name in levels
                else codes[:, index]
                for index, name in enumerate(columns)
            }
        )

    return to_codes, to_values


def _second_class(model: FittedModel) -> Any:
    """Return the class whose log-odds are the raw output, or None where numbers are predicted."""
    classes = getattr(model.predictor.target_encoder, "classes", None)
    return None if classes is None else classes.tolist()[1]


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def _off(found: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Return the mean absolute error, as a share of the mean absolute attribution."""
    return float(np.abs(found - truth).mean() / np.abs(truth).mean())


if __name__ == "__main__":
    main()
