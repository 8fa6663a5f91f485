"""Earlier states of a model that its file keeps, so that it can go back when a season returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from madaline._base.json_checks import Fields, ListOf, Malformed, Text, Whole
from madaline._base.language import _
from madaline._base.words import format_list
from madaline.errors import InputError
from madaline.nn.arrays import Array

MAX_MODELS = 8
MAX_BYTES = 2**26  # of all of them; the oldest go first
KEPT_MODELS = Fields({"most": Whole(1, MAX_MODELS), "names": ListOf(Text(60), distinct=True)})


@dataclass(frozen=True, eq=False)
class KeptModels:
    """Files of earlier states, by name, the oldest first."""

    most: int  # how many are kept, at most
    files: Mapping[str, bytes]

    def with_file(self, name: str, content: bytes) -> Self:
        """Return these and another one, under a name that no other has."""
        names = [name, *(f"{name}-{number}" for number in range(2, MAX_MODELS + 2))]
        free = next(one for one in names if one not in self.files)
        files = {**self.files, free: content}
        while files and (len(files) > self.most or sum(map(len, files.values())) > MAX_BYTES):
            del files[next(iter(files))]
        return type(self)(self.most, files)

    def without(self, name: str) -> Self:
        """Return the others."""
        files = {one: content for one, content in self.files.items() if one != name}
        return type(self)(self.most, files)

    def __getitem__(self, name: str) -> bytes:
        """Return the file of a name; `InputError` if there is none."""
        if name not in self.files:
            raise InputError(
                "There is no earlier model {name!r}: {known}.",
                name=name,
                known=_("the file keeps {names}").format(names=format_list(self.files))
                if self.files
                else "the file keeps none yet",
            )
        return self.files[name]

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the arrays that go with it."""
        contents = enumerate(self.files.values())
        arrays = {str(place): np.frombuffer(content, np.uint8) for place, content in contents}
        return {"most": self.most, "names": list(self.files)}, arrays

    @classmethod
    def from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> Self:
        """Return the models that `to_state` described; `Malformed` if they are no such."""
        KEPT_MODELS(state)
        names = state["names"]
        if {*arrays} != {str(place) for place in range(len(names))} or len(names) > state["most"]:
            raise Malformed("holds other models than it names")
        if any(array.dtype != np.uint8 or array.ndim != 1 for array in arrays.values()):
            raise Malformed("holds models that are no bytes")
        return cls(state["most"], {n: arrays[str(i)].tobytes() for i, n in enumerate(names)})
