"""Shared memory: arrays in files that several processes map, so that all see what one writes.

Files with names are the one kind of shared memory that all systems have and that any process can
find. Where the system keeps a folder in memory (Linux: /dev/shm), they never see a disk.
"""

from __future__ import annotations

import io
import mmap
import os
import pickle
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary, finalize, ref

import numpy as np

from madaline.nn.arrays import Array

IN_MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory."""

ROOM = 2**26
"""Bytes that must stay free there; containers often have no more than this."""

SMALL = 2**14
"""Arrays of fewer bytes are sent along: they are no work to copy."""


class SharedMemory:
    """A folder of arrays and objects for other processes; `close` removes it (final).

    Parameters
    ----------
    n_bytes : int
        How much is going to be kept there, about.

    Raises
    ------
    OSError
        If there is no room.

    Examples
    --------
    >>> memory = SharedMemory(8)
    >>> shared = memory.place(np.arange(2.0))
    >>> attached = Attached(memory.folder).read(memory.write(shared[1:]))
    >>> shared[1] = 5
    >>> attached
    array([5.])
    >>> memory.close()
    """

    def __init__(self, n_bytes: int) -> None:
        self.folder = Path(
            tempfile.mkdtemp(prefix=f"madaline-{os.getpid()}-", dir=_folder_for(n_bytes))
        )
        self._maps: WeakKeyDictionary[mmap.mmap, str] = WeakKeyDictionary()
        self._copies: dict[int, tuple[ref[Array], Array]] = {}
        self._kept: dict[int, tuple[ref[Any], int]] = {}
        self._count = 0
        self._remove = finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers of the objects that are kept."""
        return frozenset([number for _, number in self._kept.values()])

    def place(self, array: Array) -> Array:
        """Return an array of the same content that other processes see.

        It is removed when nothing in this process refers to it any more.
        """
        if not array.nbytes:
            return array
        path = self._path(self._new_number(), "array")
        with path.open("w+b") as file:
            file.write(np.ascontiguousarray(array).data.cast("B"))
            file.flush()
            mapped = mmap.mmap(file.fileno(), array.nbytes)
        finalize(mapped, _unlink, path)
        self._maps[mapped] = path.name
        return np.ndarray(array.shape, array.dtype, mapped)

    def keep(self, thing: Any, content: Any = None) -> None:
        """Write an object once, to be referred to from now on.

        Parameters
        ----------
        thing : object
            What is referred to.
        content : object, optional
            What others get for it; by default the same.
        """
        number, before = self._new_number(), self._kept.pop(id(thing), None)
        if before is not None:
            _unlink(self._path(before[1], "object"))
        path = self._path(number, "object")
        path.write_bytes(self.write(thing if content is None else content))
        self._kept[id(thing)] = (ref(thing), number)
        finalize(thing, self._kept.pop, id(thing), None)
        finalize(thing, _unlink, path)

    def number(self, thing: Any) -> int | None:
        """Return the number of an object that is kept; None if it is not."""
        known = self._kept.get(id(thing))
        return known[1] if known is not None and known[0]() is thing else None

    def write(self, thing: Any) -> bytes:
        """Return an object as bytes; what is shared is referred to."""
        buffer = io.BytesIO()
        _Pickler(buffer, self).dump(thing)
        return buffer.getvalue()

    def close(self) -> None:
        """Remove the folder; arrays stay as they are in the processes that see them."""
        self._remove()

    def reference(self, thing: Any) -> tuple[Any, ...] | None:
        """Return how others find an object; None if it must be sent."""
        if isinstance(thing, np.ndarray):
            return self._array_reference(thing)
        number = self.number(thing)
        return None if number is None else ("object", number)

    def _array_reference(self, array: Array) -> tuple[Any, ...] | None:
        mapped = _map_of(array)
        if mapped is None or mapped not in self._maps:
            if array.nbytes < SMALL or array.dtype.hasobject:
                return None
            array = self._copy(array)
            mapped = _map_of(array)
        assert mapped is not None
        first = np.frombuffer(mapped, np.uint8).__array_interface__["data"][0]
        offset = array.__array_interface__["data"][0] - first
        return ("array", self._maps[mapped], array.shape, array.dtype, offset, array.strides)

    def _copy(self, array: Array) -> Array:
        """Return a copy that others see of an array that does not change."""
        known = self._copies.get(id(array))
        if known is None or known[0]() is not array:
            known = self._copies[id(array)] = (ref(array), self.place(array))
        return known[1]

    def _new_number(self) -> int:
        self._count += 1
        return self._count

    def _path(self, number: int, kind: str) -> Path:
        return self.folder / f"{number}.{kind}"


class Attached:
    """What another process placed and kept, as this process sees it (final).

    Parameters
    ----------
    folder : Path
        The other's `SharedMemory.folder`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._arrays: WeakValueDictionary[str, Array] = WeakValueDictionary()
        self._objects: dict[int, Any] = {}

    def read(self, content: bytes) -> Any:
        """Return the object that `SharedMemory.write` wrote."""
        return _Unpickler(io.BytesIO(content), self).load()

    def forget_all_but(self, numbers: frozenset[int]) -> None:
        """Let go of objects that are not kept any more."""
        for number in self._objects.keys() - numbers:
            del self._objects[number]

    def array(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        offset: int,
        strides: tuple[int, ...],
    ) -> Array:
        """Return an array that was placed, or a part of it."""
        whole = self._arrays.get(name)
        if whole is None:
            with (self._folder / name).open("r+b") as file:
                mapped = mmap.mmap(file.fileno(), 0)
            whole = self._arrays[name] = np.ndarray((len(mapped),), np.uint8, mapped)
            whole[:: mmap.PAGESIZE].max()  # all of it now: loky takes later growth for a leak
        return np.ndarray(shape, dtype, whole, offset, strides)

    def object(self, number: int) -> Any:
        """Return an object that was kept, the same one every time."""
        if number not in self._objects:
            content = (self._folder / f"{number}.object").read_bytes()
            self._objects[number] = self.read(content)
        return self._objects[number]


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, memory: SharedMemory) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._memory = memory

    def persistent_id(self, thing: Any) -> tuple[Any, ...] | None:
        return self._memory.reference(thing)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, attached: Attached) -> None:
        super().__init__(file)
        self._attached = attached

    def persistent_load(self, reference: tuple[Any, ...]) -> Any:
        kind, *where = reference
        return self._attached.array(*where) if kind == "array" else self._attached.object(*where)


def _map_of(array: Array) -> mmap.mmap | None:
    """Return the mapped file that an array is a view of; None if it is memory of its own."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, mmap.mmap) else None


def _unlink(path: Path) -> None:
    with suppress(OSError):  # it is gone with its folder, or still mapped on Windows
        path.unlink()


def _folder_for(n_bytes: int) -> Path | None:
    """Return the folder in memory if it has room; None for the usual one of temporary files."""
    with suppress(OSError):
        if os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > n_bytes + ROOM:
            return IN_MEMORY
    return None
