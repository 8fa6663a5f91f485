"""A training step needs the same arrays every time; a workspace keeps them for the next step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from madaline.nn.arrays import Array
from madaline.nn.compiled import Kernel, in_one_piece

Call: TypeAlias = tuple[Callable[..., object], tuple[Any, ...], dict[str, Any]]
"""A function, and its arguments by position and by name."""


class Workspace:
    """Hands out the same arrays in the same order after every `rewind`.

    A step asks for its arrays one after the other. After ``rewind()`` the next step gets the same
    arrays again, so that only the first step allocates memory. An array handed out is valid until
    the next `rewind`; its content is undefined. One workspace serves one thread at a time.

    Parameters
    ----------
    largest_product : int, optional
        Multiply-adds of one matrix product, at most; larger ones are taken in blocks of inputs.
        Matrix libraries split large products over threads and then round differently. Small ones
        give the same bits on any number of threads, where nobody keeps the library on one.
    compiled : mapping of kernel to compiled kernel, optional
        What `madaline.nn.compiled.compiled_kernels` returned, for the same bits in less time.

    Examples
    --------
    >>> workspace = Workspace()
    >>> first = workspace.empty((2, 3), np.float32)
    >>> workspace.rewind()
    >>> workspace.empty((2, 3), np.float32) is first
    True
    """

    __slots__ = ("_arrays", "compiled", "handed_out", "largest_product", "noted")

    def __init__(
        self,
        *,
        largest_product: int | None = None,
        compiled: Mapping[Kernel, Kernel] | None = None,
    ) -> None:
        self.largest_product = largest_product
        self.compiled = compiled
        self.noted: list[Call] | None = None
        self.handed_out = 0
        self._arrays: list[Array] = []

    def rewind(self) -> None:
        """Start the next step: all arrays may be handed out again."""
        self.handed_out = 0

    def empty(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Return an uninitialized array.

        Parameters
        ----------
        shape : tuple of int
            Shape of the array.
        dtype : dtype
            Element type of the array.

        Returns
        -------
        ndarray of `shape`
            The array that this request got last time, if it had the same shape and type.
        """
        position = self.handed_out
        self.handed_out = position + 1
        if position == len(self._arrays):
            self._arrays.append(np.empty(shape, dtype))
            return self._arrays[position]
        array = self._arrays[position]
        if array.shape != shape or array.dtype != dtype:
            array = self._arrays[position] = np.empty(shape, dtype)
        return array

    def do(self, function: Callable[..., object], *arguments: Any, **named: Any) -> None:
        """Call a function that writes into arrays, and note that, where somebody takes notes.

        Parameters
        ----------
        function : callable
            Such as a function of NumPy; what it returns is lost.
        *arguments, **named : object
            Its arguments.

        Examples
        --------
        >>> x = np.array([1.0, 2.0])
        >>> Workspace().do(np.add, x, 1, out=x)
        >>> x
        array([2., 3.])
        """
        function(*arguments, **named)
        if self.noted is not None:
            self.noted.append((function, arguments, named))

    def in_one_pass(self, kernel: Kernel, *arrays: Array) -> bool:
        """Have a compiled kernel go over arrays, element by element; return whether it did.

        Parameters
        ----------
        kernel : callable
            One of `madaline.nn.kernels` that takes arrays of one dimension.
        *arrays : ndarray
            Those of different shapes, or not in one piece, are left to NumPy.

        Examples
        --------
        >>> Workspace().in_one_pass(print, np.zeros(3))
        False
        """
        if self.compiled is None or not in_one_piece(*arrays):
            return False
        if any(array.shape != arrays[0].shape for array in arrays):
            return False  # one that members share
        self.do(self.compiled[kernel], *[array.reshape(-1) for array in arrays])
        return True
