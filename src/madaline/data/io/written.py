"""Writes predictions to files: CSV, TSV or Parquet, whole or not at all."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Mapping
from pathlib import Path

from madaline.data.io.polars_library import load_polars
from madaline.data.io.saving import write_whole
from madaline.errors import InputError
from madaline.nn.arrays import Array


def write_predictions(path: str | os.PathLike[str], columns: Mapping[str, Array]) -> None:
    """Write columns to a file, whole or not at all.

    Parameters
    ----------
    path : path
        The name ends in ``.csv``, ``.tsv``, ``.csv.gz``, ``.tsv.gz`` or ``.parquet``.
    columns : mapping of str to ndarray of shape (n_samples,)
        What to write.

    Raises
    ------
    InputError
        If the name ends in something else, or its folder is not there.
    OSError
        If the file cannot be written, for example because the disk is full.
    """
    path = Path(path)
    name = path.name.lower()
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent}: create it, or choose another.")
    if path.is_dir():
        raise InputError(f"{path} is a folder: give the name of a file.")
    plain = name.removesuffix(".gz")
    if plain.endswith((".csv", ".tsv")):
        content = format_predictions(columns, separator="\t" if plain.endswith(".tsv") else ",")
        write_whole(path, gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
    elif name.endswith((".parquet", ".pq")):
        write_whole(path, _parquet(columns))
    else:
        raise InputError(
            f"Predictions go to .csv, .tsv or .parquet, not to {path.name!r}: rename it."
        )


def format_predictions(columns: Mapping[str, Array], *, separator: str = ",") -> bytes:
    r"""Return columns as the bytes of a CSV file.

    Examples
    --------
    >>> import numpy as np
    >>> format_predictions({"species": np.array(["Gentoo"]), "probability": np.array([0.5])})
    b'species,probability\nGentoo,0.5\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
    return text.getvalue().encode()


def _parquet(columns: Mapping[str, Array]) -> bytes:
    polars = load_polars()
    buffer = io.BytesIO()
    polars.DataFrame(
        {
            name: column.tolist() if column.dtype.kind == "O" else column
            for name, column in columns.items()
        }
    ).write_parquet(buffer)
    return buffer.getvalue()
