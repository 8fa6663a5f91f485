"""What the network of a page learns from: data that are made up, or two columns of a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from madaline._apps.playground.options import NetworkOptions, features_of
from madaline._apps.playground.tables import UserTable
from madaline._race.evaluation.scores import label_text
from madaline._tables.column import as_texts
from madaline.errors import InputError
from madaline.nn.arrays import Array


@final
@dataclass(frozen=True, eq=False)
class Coordinates:
    """Points as a page draws them, in standard deviations of the data."""

    points: Array  # (n_samples, 2)
    mean: Array  # (2,), of the data, and their spread
    spread: Array


@final
@dataclass(frozen=True, eq=False)
class LearningData:
    """What a network learns from, and how it is drawn."""

    x: Array  # (n_samples, input_size): what the network sees
    y: Array  # (n_samples,): labels, or standardized numbers
    classes: list[str]  # empty where numbers are predicted
    codes: Array  # (n_samples,): the class, or the number
    plane: Coordinates | None = None  # None of digits
    table: UserTable | None = None
    notes: dict[str, Any] = field(default_factory=dict)  # what a page tells of a table
    of_target: tuple[float, float] = (0.0, 1.0)  # mean and spread of numbers to predict

    @classmethod
    def of(cls, options: NetworkOptions, table: UserTable | None) -> LearningData:
        """Make data, or take them from a table."""
        if not options.features:
            raise InputError("No feature is chosen: choose at least one.")
        if options.dataset is None:
            return cls._of_table(options, table)
        x, y = options.dataset.make(options.rows, options.noise, options.seed)
        if not options.dataset.on_plane:
            return cls(x, y, [str(label) for label in range(10)], y)
        of_numbers = options.dataset.task == "numbers"
        labels = [] if of_numbers else [str(label) for label in np.unique(y)]
        return cls(**_on_plane(x, options), y=y, classes=labels, codes=y)

    @classmethod
    def _of_table(cls, options: NetworkOptions, table: UserTable | None) -> LearningData:
        if table is None:
            raise InputError("The server does not have this table: open its file again.")
        plane = table.plane(list(options.columns), options.target)
        rows = np.random.default_rng(options.seed).permutation(len(plane.x))[: options.rows]
        x, y = plane.x[rows], plane.y[rows]
        given: dict[str, Any] = {"table": table}
        given["notes"] = {
            "left_out": plane.left_out,
            "rows": len(x),
            "complete": len(plane.x),
            "codes": plane.notes(),
        }
        if plane.of_numbers:
            mean = float(y.mean())
            spread = float(y.std()) or 1.0
            y = (y - mean) / spread
            given |= {"classes": [], "codes": y, "of_target": (mean, spread)}
        else:
            y = y if y.dtype.kind in "iuf" else as_texts(y)
            labels, codes = np.unique(y, return_inverse=True)
            if len(labels) < 2:
                raise InputError(
                    "These rows have one class of {target}: take more rows.", target=options.target
                )
            given |= {"classes": [label_text(label) for label in labels], "codes": codes}
        return cls(**_on_plane(x, options), y=y, **given)

    @property
    def range(self) -> list[float]:
        """The numbers to predict that have the two strongest colors, in their own unit."""
        mean, spread = self.of_target
        largest = 0.0 if self.classes else float(np.abs(self.codes).max())
        return [mean - largest * spread, mean + largest * spread]

    @property
    def n_outputs(self) -> int:
        """Outputs of a network: one for two classes or numbers, else one for each class."""
        return len(self.classes) if len(self.classes) > 2 else 1


def _on_plane(x: Array, options: NetworkOptions) -> dict[str, Any]:
    """Return standardized points, and what a network sees of them."""
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler()
    points = scaler.fit_transform(x)
    return {
        "x": features_of(points, options.ordered_features),
        "plane": Coordinates(points, scaler.mean_, scaler.scale_),
    }
