"""A benchmark table is a Parquet file and a line of `manifest.csv`, cut into train and test."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"
SMALLEST_PROBABILITY = 1e-15


@dataclass(frozen=True)
class Table:
    """A table split into the training and the test rows.

    Parameters
    ----------
    name : str
        The name in the manifest.
    is_classification : bool
        Whether the target is a class; a number otherwise.
    x_train, x_test : pandas.DataFrame
        The columns without the target, shapes ``(n_train, n_columns)`` and ``(n_test, n_columns)``.
    y_train, y_test : numpy.ndarray
        The target, shapes ``(n_train,)`` and ``(n_test,)``.
    """

    name: str
    is_classification: bool
    x_train: Any
    y_train: NDArray[Any]
    x_test: Any
    y_test: NDArray[Any]


def table_names(folder: Path, *, large: bool = False) -> list[str]:
    """Return the names of the small tables of the data folder, or of the large ones."""
    return [line["name"] for line in _manifest(folder) if (line["large"] == "1") == large]


def load_table(folder: Path, name: str) -> Table:
    """Read one table of the data folder; its last ``rows // 5`` rows are the test set."""
    import pandas as pd

    lines = {line["name"]: line for line in _manifest(folder)}
    if name not in lines:
        raise SystemExit(f"There is no set named {name!r}; the manifest has {', '.join(lines)}.")
    frame = pd.read_parquet(folder / "tabular" / f"{name}.parquet")
    target = frame.pop(lines[name]["target"]).to_numpy()
    is_classification = lines[name]["task"] != "regression"
    target = target.astype(object if is_classification else float)
    n_train = len(frame) - len(frame) // 5
    return Table(
        name,
        is_classification,
        frame.iloc[:n_train].reset_index(drop=True),
        target[:n_train],
        frame.iloc[n_train:].reset_index(drop=True),
        target[n_train:],
    )


def log_loss(y_true: NDArray[Any], probabilities: ArrayLike, classes: ArrayLike) -> float:
    r"""Return the mean of :math:`-\ln p(\text{true class})`, probabilities clipped at 1e-15.

    Parameters
    ----------
    y_true : array of shape (n_samples,)
        The true classes, each among ``classes``.
    probabilities : array of shape (n_samples, n_classes)
        One probability per class; the rows sum to one.
    classes : array of shape (n_classes,)
        The class of each column, sorted.

    Raises
    ------
    ValueError
        If a row does not sum to one or a true class has no column.

    Examples
    --------
    >>> round(log_loss(np.array(["a", "b"]), [[0.5, 0.5], [0.75, 0.25]], ["a", "b"]), 4)
    1.0397
    """
    table = np.asarray(probabilities, dtype=float)
    column = {label: index for index, label in enumerate(np.asarray(classes).tolist())}
    unknown = sorted({str(label) for label in y_true.tolist() if label not in column})
    if unknown:
        raise ValueError(f"The classes {unknown} of the test set have no column of probabilities.")
    if not np.allclose(table.sum(axis=1), 1.0, atol=1e-4):
        raise ValueError("The probabilities of a row do not sum to one; normalize them.")
    true_column = np.array([column[label] for label in y_true.tolist()])
    of_true_class = table[np.arange(len(table)), true_column]  # (n_samples,)
    return float(-np.log(np.clip(of_true_class, SMALLEST_PROBABILITY, 1.0)).mean())


def scaled_rmse(y_true: NDArray[Any], prediction: ArrayLike) -> float:
    """Return the root mean squared error divided by the standard deviation of ``y_true``.

    Examples
    --------
    >>> scaled_rmse(np.array([0.0, 2.0]), [1.0, 1.0])
    1.0
    """
    residual = np.asarray(prediction, dtype=float) - y_true
    return float(np.sqrt(np.mean(residual**2)) / np.std(y_true))


def _manifest(folder: Path) -> list[dict[str, str]]:
    path = folder / "tabular" / "manifest.csv"
    if not path.is_file():
        raise SystemExit(
            f"There is no benchmark data at {folder} (no tabular/manifest.csv); give --folder."
        )
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
