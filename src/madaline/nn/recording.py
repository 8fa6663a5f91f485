"""A step does the same to the same arrays every time: written down once, it need not be asked why.

Which views a product needs, in how many pieces it is cut, whether a kernel may have an array: all
that is Python, and of small networks it takes as long as the numbers themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import is_
from typing import Any

from madaline.nn.compiled import Kernel
from madaline.nn.follower import follower
from madaline.nn.programs import in_few_calls
from madaline.nn.workspace import Call, Workspace


class Recorded:
    """A function whose calls of `Workspace.do` are noted, and then done without it (final).

    As long as it is called with the very same arrays it repeats what it did to them, whatever they
    hold by then. With others it is called itself, and noted anew.

    Parameters
    ----------
    function : callable
        Everything that it does to arrays goes through `Workspace.do`, does not depend on what they
        hold, and uses arrays that stay: those of the workspace, its arguments, or others. It
        returns nothing.
    workspace : Workspace
        What it works with.

    Examples
    --------
    >>> import numpy as np
    >>> workspace, asked = Workspace(), []
    >>> def double(x):
    ...     asked.append(x)
    ...     workspace.do(np.multiply, x, 2, out=x)
    >>> x = np.array([1.0])
    >>> again = Recorded(double, workspace)
    >>> again(x)
    >>> again(x)
    >>> x, len(asked)
    (array([4.]), 1)
    """

    __slots__ = (
        "_arguments",
        "_calls",
        "_compiled",
        "_function",
        "_handed_out",
        "_noted",
        "_workspace",
    )

    def __init__(self, function: Callable[..., None], workspace: Workspace) -> None:
        self._function = function
        self._workspace = workspace
        self._arguments: tuple[Any, ...] | None = None
        self._compiled: Mapping[Kernel, Kernel] | None = None
        self._handed_out = (0, 0)
        self._noted: list[Call] = []  # has the arrays
        self._calls: list[Call] | None = None

    def __call__(self, *arguments: Any) -> None:
        """Do to the arguments what the function does."""
        if not self._knows(arguments):
            self._note(arguments)
            return
        if self._calls is None:
            self._calls = self._shortened()
        for function, own, named in self._calls:
            function(*own, **named)
        self._workspace.handed_out = self._handed_out[1]

    def _knows(self, arguments: tuple[Any, ...]) -> bool:
        known = self._arguments
        return (
            known is not None
            and self._compiled is self._workspace.compiled
            and self._handed_out[0] == self._workspace.handed_out
            and len(arguments) == len(known)
            and all(map(is_, arguments, known))
        )

    def _note(self, arguments: tuple[Any, ...]) -> None:
        workspace, before = self._workspace, self._workspace.handed_out
        self._arguments, self._calls, self._noted = None, None, []
        workspace.noted = self._noted
        try:
            self._function(*arguments)
        finally:
            workspace.noted = None
        self._arguments, self._compiled = arguments, workspace.compiled
        self._handed_out = before, workspace.handed_out

    def _shortened(self) -> list[Call]:
        """Return what was noted, as programs where something can follow them."""
        follow = None if self._compiled is None else follower()
        if self._compiled is None or follow is None:
            return self._noted
        return in_few_calls(self._noted, self._compiled, follow)
