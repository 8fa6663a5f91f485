"""Several targets that are predicted together: each has an encoder of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Annotated, Any

import numpy as np

from madaline._base.codec import Items, OneKind
from madaline._base.json_checks import Text
from madaline._base.language import _
from madaline._base.words import format_list
from madaline._tables.target.encoders import (
    JOINT,
    ClassEncoder,
    CountEncoder,
    RegressionEncoder,
    TargetEncoder,
)
from madaline.errors import InputError
from madaline.nn.arrays import Array

MAX_OUTPUTS = 2**16
"""Targets that are predicted together, at most."""

SINGLE = {kind.task: kind for kind in (ClassEncoder, RegressionEncoder, CountEncoder)}
_SINGLE = OneKind("task", SINGLE)


@dataclass(frozen=True)
class JointEncoder(TargetEncoder):
    """Encodes several targets, or one target for several quantiles, one output each.

    >>> values = np.array([[1.0, 10.0], [3.0, 30.0]])
    >>> from madaline._tables.target.encoders import RegressionEncoder
    >>> encoder = JointEncoder.fit(("width", "height"), values, RegressionEncoder.fit)
    >>> encoder.encode(values)
    array([[-1., -1.],
           [ 1.,  1.]], dtype=float32)
    >>> encoder.decode(np.array([[0.5, 0.5]]))
    array([[ 2.5, 25. ]])
    """

    # names of the outputs, all different: the targets, or the levels of the quantiles
    names: Annotated[tuple[Annotated[str, Text(2**20)], ...], Items(2, MAX_OUTPUTS, distinct=True)]
    # one for each output, all of one type; those of classes have two
    encoders: Annotated[tuple[Annotated[TargetEncoder, _SINGLE], ...], Items(2, MAX_OUTPUTS)]

    task = JOINT

    @classmethod
    def fit(
        cls,
        names: Sequence[str],
        values: Array,  # (n_samples, n_outputs)
        fit: Callable[[Array], TargetEncoder],  # from one target to its encoder
    ) -> JointEncoder:
        """Return the encoder of several targets."""
        encoders = []
        for name, column in zip(names, values.T, strict=True):
            with naming(name):
                encoders.append(fit(column))
            if isinstance(encoders[-1], ClassEncoder) and len(encoders[-1].classes) > 2:
                raise InputError(
                    "The target {name!r} holds {n_classes} classes, but several targets are predicted together only if each has two classes: fit a model for each, such as with MultiOutputClassifier of sklearn.multioutput.",
                    name=name,
                    n_classes=len(encoders[-1].classes),
                )
        return cls(tuple(names), tuple(encoders))

    @property
    def each(self) -> tuple[TargetEncoder, ...]:
        """The encoder of each output."""
        return self.encoders

    @property
    def of_classes(self) -> bool:
        """Whether labels are predicted, each with two classes."""
        return self.encoders[0].of_classes

    def widened(self) -> JointEncoder:
        """Return the encoder for rows that come later than those that it was fitted on."""
        return replace(self, encoders=tuple(encoder.widened() for encoder in self.encoders))

    def index(self, output: Any) -> int:
        """Return the index of an output, given its name or index.

        >>> JointEncoder(("0.1", "0.9"), ()).index(0.9)
        1
        """
        choice = _("choose one with output=, a name ({names}) or an index").format(
            names=format_list(self.names)
        )
        if output is None:
            raise InputError(
                "This model has {n_names} outputs: {choice}.",
                n_names=len(self.names),
                choice=choice,
            )
        if str(output) in self.names:
            return self.names.index(str(output))
        is_index = isinstance(output, Integral) and not isinstance(output, bool)
        if not is_index or not -len(self.names) <= output < len(self.names):
            raise InputError(
                "output is {output!r}, but there is no such output: {choice}.",
                output=output,
                choice=choice,
            )
        return int(output) % len(self.names)

    def encode(self, values: Array) -> Array:
        """Return the encoded targets, float32 of shape (n_samples, n_outputs).

        One target, of shape (n_samples,), is encoded for every output.
        """
        return np.stack(self._encoded(values), axis=1)

    def matrix(self, values: Array) -> Array:
        """Return the encoded targets, shape (n_samples, n_outputs)."""
        return self.encode(values)

    def decode(self, prediction: Array) -> Array:
        """Return labels or numbers, shape (n_samples, n_outputs)."""
        if self.of_classes:
            prediction = np.stack([1 - prediction, prediction], axis=2)
        columns = np.moveaxis(prediction, 1, 0)
        decoded = zip(self.encoders, columns, strict=True)
        return np.stack([encoder.decode(column) for encoder, column in decoded], axis=1)

    def shifts(self, anchors: Array) -> Array:
        """Return anchors, (n_samples,), in the units of outputs, (n_samples, n_outputs)."""
        return np.concatenate([encoder.shifts(anchors) for encoder in self.encoders], axis=1)

    def _encoded(self, values: Array) -> list[Array]:
        columns = [values] * len(self.names) if values.ndim == 1 else list(values.T)
        if len(columns) != len(self.names):
            raise InputError(
                "The target has {n_columns} columns, but the model predicts {n_names}: {names}.",
                n_columns=len(columns),
                n_names=len(self.names),
                names=format_list(self.names),
            )
        encoded = []
        for name, encoder, column in zip(self.names, self.encoders, columns, strict=True):
            with naming(name):
                encoded.append(encoder.encode(column).astype(np.float32))
        return encoded

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong between the encoders of several outputs."""
        encoders = values["encoders"]
        if len(values["names"]) != len(encoders):
            return "has another number of names than of outputs"
        if len({encoder["task"] for encoder in encoders}) > 1:
            return "has outputs of several tasks"
        two = all(len(encoder.get("classes", (0, 1))) == 2 for encoder in encoders)
        return "" if two else "has a label that has not two classes"


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Name the target in the sentence of an error about one of several.

    >>> with naming("width"):
    ...     raise InputError("The target holds text: correct it.")
    Traceback (most recent call last):
    madaline.errors.InputError: The target 'width' holds text: correct it.
    """
    try:
        yield
    except InputError as error:
        sentence = re.sub(
            "[Tt]he target", lambda found: f"{found[0]} {name!r}", error.english, count=1
        )
        raise InputError(sentence) from None
