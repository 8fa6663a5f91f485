"""How the files of the corpus are read: rightly, refused with a sentence, or wrongly.

`python tests/data/corpus/reading.py` prints how many of each group.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from corpus.files import DATE, NUMBER, Column, File, all_files
from corpus.further import further_files

RIGHT, SILENT, REFUSED, WRONG = "right", "right, untold", "refused", "wrong"


def outcome(file: File, folder: Path) -> tuple[str, str]:
    """Return how a file is read, and what shows it."""
    from madaline.errors import InputError

    path = folder / file.name.replace("/", " ")
    path.write_bytes(file.content)
    said = io.StringIO()
    try:
        with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stderr(said):
            warnings.simplefilter("always")
            columns, kinds, notes = _read_for_fit(path, file) if file.target else _read(path)
    except InputError as error:
        is_right = file.refused and re.search(file.refused, str(error))
        return (RIGHT if is_right else REFUSED), str(error)
    if file.refused:
        return WRONG, "read"
    told = "\n".join([*notes, *(str(warning.message) for warning in caught), said.getvalue()])
    difference = _difference(file.columns, columns, kinds)
    if difference:
        return WRONG, f"{difference}\n    {told}"
    return (RIGHT if re.search(file.note, told, re.DOTALL) else SILENT), told


def _read(path: Path) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    from madaline._tables.io.table_files import read_file
    from madaline._tables.schema import Schema

    file = read_file(path)
    schema = Schema.infer(file.table)
    kinds = {column.name: column.kind for column in schema.columns}
    return schema.read(file.table).columns, kinds, [*file.notes, *schema.notes]


def _read_for_fit(path: Path, file: File) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    from madaline._apps.cli.parser import build_parser
    from madaline._apps.cli.training_data import TrainingTable
    from madaline._tables.schema import Schema

    arguments = build_parser().parse_args(["fit", str(path), "--target", file.target])
    data = TrainingTable.read(arguments)
    data.check_target(None)
    schema = Schema.infer(data.table)
    kinds = {column.name: column.kind for column in schema.columns}
    columns = {**schema.read(data.table).columns, file.target: data.roles.target}
    kinds[file.target] = file.columns[file.target].kind
    return columns, kinds, [*data.notes, *schema.notes]


def _difference(expected: dict[str, Column], columns: Any, kinds: dict[str, str]) -> str:
    """Return what differs first; empty if nothing does."""
    if [*expected] != [*columns] and set(expected) != set(columns):
        return f"columns {[*columns]}"
    for name, column in expected.items():
        values = columns[name]
        if kinds[name] != column.kind:
            return f"{name} is {kinds[name]}, with {values[:4].tolist()}"
        if len(values) != len(column.values):
            return f"{len(values)} rows"
        if not _is_equal(values, column):
            return f"{name} is {values[:4].tolist()}"
    return ""


def _is_equal(values: Any, column: Column) -> bool:
    if column.kind == NUMBER:
        wanted = np.array(column.values, np.float64)
        return bool(np.allclose(values.astype(np.float64), wanted, rtol=1e-12, equal_nan=True))
    if column.kind == DATE:
        wanted = np.array(column.values, "datetime64[us]")
        return values.dtype.kind == "M" and bool(
            np.all((values == wanted) | (np.isnat(values) & np.isnat(wanted)))
        )
    return bool(values.tolist() == column.values)


def main() -> None:
    """Print how many files of each group are read in which way, and with -v each that is not."""
    counts: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for file in [*all_files(), *further_files()]:
            result, shown = outcome(file, Path(folder))
            counts.setdefault(file.group, Counter())[result] += 1
            if ("-v" in sys.argv and result != RIGHT) or "-vv" in sys.argv:
                print(f"{result:14} {file.group}: {file.name}\n    {shown}")
    kinds = (RIGHT, SILENT, REFUSED, WRONG)
    print(f"{'':24}", *(f"{kind:>14}" for kind in ("files", *kinds)))
    counts["all"] = sum(counts.values(), Counter())
    for group, of_group in counts.items():
        numbers = (of_group.total(), *(of_group[kind] for kind in kinds))
        print(f"{group:24}", *(f"{number:14}" for number in numbers))


if __name__ == "__main__":
    main()
