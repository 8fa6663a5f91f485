"""A dataset with other features, or with features that stand for something else."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from madaline._race.dataset import Dataset
from madaline._race.features import NetworkInputs

INPUTS = {field.name for field in fields(NetworkInputs)}


def changed(dataset: Dataset, **changes: Any) -> Dataset:
    """Return a dataset with other fields: its own, or those of its features and inputs."""
    names = {"features": "encoded", "of_folds": "of_folds"}
    of_rows = {names[name]: changes.pop(name) for name in names.keys() & changes.keys()}
    of_inputs = {name: changes.pop(name) for name in INPUTS & changes.keys()}
    return replace(
        dataset,
        features=replace(dataset.features, **of_rows),
        inputs=replace(dataset.inputs, **of_inputs),
        **changes,
    )
