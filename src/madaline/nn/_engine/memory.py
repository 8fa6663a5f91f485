"""How much memory there is: that of the machine, or of the container that limits it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from madaline._base.words import format_size
from madaline.errors import InputError

_SHARE = 0.75  # share of the free memory that is used, at most, where no limit is given

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_UNITS |= {f"{unit}I": 2 ** (10 * power) for power, unit in enumerate("KMGT", 1)}
"""Bytes of each unit, without its B: KB, MB, GB, TB and KiB, MiB, GiB, TiB."""

# Bytes of address space that Polars takes, which ends the process where they are refused
_MIN_ADDRESS_SPACE = 700 * 2**20


def memory_limit(given: int | str | None = None) -> int | None:
    """Return how many bytes this process may take in all; None where that is not known.

    By default, that is what the process takes now and three quarters of what is free.

    >>> memory_limit("2GB"), memory_limit("1.5 GiB"), memory_limit(1000)
    (2000000000, 1610612736, 1000)
    """
    if given is not None:
        return read_size(given)
    free = free_memory()
    return None if free is None else used_memory() + int(_SHARE * free)


def read_size(size: int | str) -> int:
    """Return the bytes of a size, or raise `InputError`."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]?I?)B?", str(size).strip().upper())
    valid = match is not None and match[2] in _UNITS and not isinstance(size, bool)
    n_bytes = int(float(match[1]) * _UNITS[match[2]]) if match is not None and valid else 0
    if n_bytes < 1:
        raise InputError(
            "The memory limit is {size!r}: give a size such as 2GB, or a number of bytes.",
            size=size,
        )
    return n_bytes


def free_memory(root: Path = Path("/")) -> int | None:
    """Return how many bytes may still be taken: of the machine, or fewer in a container.

    `root` is where the file systems ``proc`` and ``sys`` are.
    """
    space = address_space()
    free = [_free_of_machine(root), *_free_of_groups(root)]
    free.append(None if space is None else max(0, space - used_memory()))
    valid = [part for part in free if part is not None]
    return min(valid) if valid else None


def address_space() -> int | None:
    """Return how many bytes of address space the process may take (`ulimit -v`); None for any."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    space = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if space == resource.RLIM_INFINITY else space


def check_address_space() -> None:
    """Raise `InputError` if the address space is too small for Polars, which is not loaded yet."""
    space = address_space()
    if space is not None and space - _bytes_taken(0) < _MIN_ADDRESS_SPACE:
        raise InputError(
            "The address space of this process is limited to {space}, which is too little memory to read a table: raise the limit (ulimit -v).",
            space=format_size(space),
        )


def used_memory() -> int:
    """Return how many bytes of memory this process takes now; 0 where that is not known."""
    return _bytes_taken(1)


def _bytes_taken(place: int) -> int:
    """Return the bytes of address space (0) or memory (1) of this process, 0 where not known."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[place])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _free_of_machine(root: Path) -> int | None:
    text = _text(root / "proc/meminfo")
    match = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    if match:
        return int(match[1]) * 1024
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") - used_memory()
    except (AttributeError, ValueError, OSError):
        return None


def _free_of_groups(root: Path) -> list[int | None]:
    """Return what each control group of this process leaves, of version 2 and of version 1."""
    free = []
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers not in ("", "memory"):
            continue
        top = root / "sys/fs/cgroup" / controllers
        # A container may see its own group at the top, whatever the path.
        below = top / path.strip("/")
        folders = {top, below, *(part for part in below.parents if top in part.parents)}
        free += [_free_of_group(folder) for folder in sorted(folders)]
    return free


def _free_of_group(folder: Path) -> int | None:
    files = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))
    for limit_file, usage_file in files:
        limit, usage = _text(folder / limit_file).strip(), _text(folder / usage_file).strip()
        if limit.isdecimal() and usage.isdecimal():
            match = re.search(
                r"^(?:total_)?inactive_file (\d+)", _text(folder / "memory.stat"), re.M
            )
            reclaimable = int(match[1]) if match else 0
            return max(0, int(limit) - max(0, int(usage) - reclaimable))
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
