"""A fitted model of a table as a small program: operations in a row, which any language can run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from madaline._apps.export.operations import OF_GRIDS, OPERATIONS, Operation, Value
from madaline._base.words import format_count, format_list


@dataclass(frozen=True)
class ProgramColumn:
    """A column that a program reads."""

    name: str
    kind: str
    levels: tuple[str, ...] = ()  # of a category
    typical: float = 0.0  # a usual number, or day since 1970
    span: tuple[float, float] = (0.0, 1.0)  # from where to where usual ones reach
    step: float = 0.0  # what numbers and days are multiples of; 0: of nothing
    # how people write its cells: separators, symbols, the order of dates, words for missing values
    written: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Program:
    """Steps, what they read, and which of them are the answers; checked when it is made."""

    target: str
    columns: tuple[ProgramColumn, ...]
    steps: tuple[Operation, ...]
    outputs: tuple[str, ...]  # names of what is predicted, such as of several targets
    labels: tuple[tuple[str, ...], ...]  # of each output; none where numbers are predicted
    prediction: Value  # numbers, or probabilities
    label: Value | None  # numbers of the predicted classes
    intervals: tuple[Value, ...]  # bounds for each output, or for the quantile in the middle

    def __post_init__(self) -> None:
        """Check that steps take what steps before make, and constants are numbers."""
        for number, step in enumerate(self.steps):
            assert type(step) in OPERATIONS + OF_GRIDS
            assert all(0 <= value < number for value in step.values)
            assert all(np.isfinite(own).all() for own in step.constants)
        assert all(value < len(self.sizes) for value in self.answers.values())

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many numbers each step makes."""
        sizes: list[int] = []
        for step in self.steps:
            sizes.append(step.size(sizes))
        return tuple(sizes)

    @property
    def answers(self) -> Mapping[str, Value]:
        """The steps whose numbers are answers."""
        found = {"probabilities" if self.labels else "prediction": self.prediction}
        if self.label is not None:
            found["label"] = self.label
        return found | {f"interval{place}": value for place, value in enumerate(self.intervals)}

    @property
    def mean(self) -> Value:
        """The step that makes the raw outputs, which must be finite."""
        names = [step.name for step in self.steps]
        return Value(names.index("mean_of_folds"))

    @property
    def n_constants(self) -> int:
        """How many constants it has."""
        return sum(own.size for step in self.steps for own in step.constants)

    def lines(self) -> Iterator[str]:
        """Yield it as people read it: columns, then a line for each step, then the answers."""
        for number, column in enumerate(self.columns):
            levels = f": {format_list(column.levels, limit=8)}" if column.levels else ""
            yield f"column {number} = {column.name!r}, {column.kind}{levels}"
        for number, (step, size) in enumerate(zip(self.steps, self.sizes, strict=True)):
            given = ", ".join(f"{name}={_shown(own)}" for name, own in vars(step).items())
            yield f"v{number} = {type(step).__name__}({given})  # {size} {step.dtype}"
        for name, value in self.answers.items():
            yield f"{name} = v{value}"
        yield f"# {format_count(self.n_constants, 'constant')}"


def _shown(own: Any) -> str:
    """Return an argument of a step in a few characters; of long arrays, the shape."""
    match own:
        case Value():
            return f"v{int(own)}"
        case tuple():
            return f"({', '.join(map(_shown, own))})"
        case np.ndarray() if own.size > 4:
            return f"<{' x '.join(map(str, own.shape))}>"
        case np.ndarray():
            return f"[{', '.join(f'{number:.4g}' for number in own.ravel().tolist())}]"
        case _:
            return repr(own)
