"""What all tests share: one BLAS thread a worker, no time limits, and the development data."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Workers already fill the processors; this must be set before NumPy is imported.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
os.environ["MADALINE_LANG"] = "en"  # whatever the language of the machine

import pytest
from hypothesis import HealthCheck, settings

PROJECT = Path(__file__).resolve().parents[1]
SHARED_DATA = PROJECT.parent / "shared" / "data"

# What `make quick` runs: tests that fit no model, in a minute of one processor.
QUICK = (
    "src/madaline/_tables/",
    "src/madaline/_race/time/",
    "src/madaline/nn/",
    "tests/charts/",
    "tests/data/",
    "tests/evaluation/",
    "tests/language/",
    "tests/nn/",
    "tests/records/",
    "tests/runtime/",
    "tests/time/",
    "tests/test_chinese_pages.py",
    "tests/test_neighbors.py",
    "tests/test_package.py",
    "tests/test_release.py",
)
# Files of those folders that fit models, or take longer, and fixtures that are models.
NOT_QUICK = (
    "tests/data/test_long_texts.py",
    "tests/data/test_patterns.py",
    "tests/evaluation/test_leakage.py",
    "tests/evaluation/test_letters.py",
    "tests/evaluation/test_series_scores.py",
    "tests/evaluation/test_threshold.py",
    "tests/language/test_catalogs.py",
    "tests/language/test_chinese_commands.py",
    "tests/language/test_composed.py",
    "tests/runtime/test_rows_of_a_model.py",
    "tests/runtime/test_runtime_networks.py",
    "tests/runtime/test_tensor_file.py",
    "tests/time/test_noticing.py",
)
FITTED = {"fittings", "dated_model"}
# What takes long as a whole, and is marked `slow`, as single tests of other files are.
SLOW = (
    "src/madaline/_apps/comparison/comparison.py",
    "src/madaline/_apps/estimators/upkeep.py",
    "src/madaline/_apps/estimators/many.py",
    "tests/engine/test_clusters.py",
    "tests/fuzz/",
    "tests/test_benchmark",
    "tests/test_cluster_examples.py",
    "tests/test_real_tables.py",
)

settings.register_profile(
    "madaline",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
# `make fuzz`: thousands of examples of each target in tests/fuzz.
settings.register_profile("fuzz", settings.get_profile("madaline"), max_examples=10_000)
settings.load_profile("madaline")

# Looking for doctests in several files of one name would confuse them; there are none in these.
collect_ignore_glob = ["conftest.py", "*/conftest.py"]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage among the half a million objects that tests are, which all stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import quick tests alone where only they are asked for."""
    only_quick = config.option.markexpr == "quick" and collection_path.is_file()
    return True if only_quick and not _is_quick(collection_path) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that `make quick` runs, and those that `make test` does not."""
    for item in items:
        if item.path.relative_to(PROJECT).as_posix().startswith(SLOW):
            item.add_marker("slow")
        is_fitted = not FITTED.isdisjoint(getattr(item, "fixturenames", ()))
        if _is_quick(item.path) and not is_fitted and item.get_closest_marker("slow") is None:
            item.add_marker("quick")


def _is_quick(path: Path) -> bool:
    own = path.relative_to(PROJECT).as_posix()
    return own.startswith(QUICK) and not own.startswith(NOT_QUICK)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Hold that quick tests fit nothing, and let networks race alone where a test is marked so."""
    with pytest.MonkeyPatch.context() as patch:
        if item.get_closest_marker("quick") is not None:
            patch.setattr("madaline._models.fitting.training.TrainingRun.__iter__", _refuse)
        if item.get_closest_marker("networks") is not None:
            patch.setattr("madaline._models.fitting.training.race_trees", lambda *_: iter(()))
            patch.setattr("madaline._models.fitting.training.first_answer", lambda *_: None)
        return (yield)


def _refuse(_: object) -> Iterator[Any]:
    raise AssertionError("A quick test fits a model: name its file in NOT_QUICK of conftest.py")


@pytest.fixture(scope="session", autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what programs keep between their runs in a folder of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_STATE_HOME", "LOCALAPPDATA"):
            patch.setenv(name, str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture
def interrupts() -> Iterator[None]:
    """Let an interrupt raise, as it does by default; a shell may have them ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the project."""
    return PROJECT


@pytest.fixture(scope="session")
def penguins() -> Path:
    """The Palmer penguins as a CSV file: 344 rows, missing values, categories."""
    return PROJECT / "examples" / "data" / "penguins.csv"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of the development data; skips where it is missing."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the development data (../shared/data) is not on this machine")
    return SHARED_DATA


@pytest.fixture(scope="session")
def shared_tables(shared_data: Path) -> Path:
    """The folder of the real tables (Parquet files and manifest.csv); skips where it is missing."""
    tables = shared_data / "tabular"
    if not (tables / "manifest.csv").is_file():
        pytest.skip("the real tables (../shared/data/tabular) are not on this machine")
    return tables


@pytest.fixture(scope="session")
def make_columns() -> Callable[..., tuple[dict[str, Any], Any]]:
    """Return a maker of a small mixed table with gaps, as columns, and of a target to learn."""
    import numpy as np

    def make(task: str, n_samples: int = 160, seed: int = 0) -> tuple[dict[str, Any], Any]:
        rng = np.random.default_rng(seed)
        width, length = 100 * rng.standard_normal((2, n_samples))
        city = rng.choice(["Bonn", "Kiel", "Ulm"], n_samples)
        days = rng.integers(0, 900, n_samples)
        signal = width + 0.5 * length + 60 * (city == "Kiel") + 10 * rng.standard_normal(n_samples)
        columns: dict[str, Any] = {
            "width": np.where(rng.random(n_samples) < 0.1, np.nan, width).tolist(),
            "length": length.tolist(),
            "count": rng.integers(0, 9, n_samples).tolist(),
            "city": [None if gap else str(c) for c, gap in zip(city, days % 17 == 0, strict=True)],
            "checked": rng.choice([True, False], n_samples).tolist(),
            "day": np.datetime64("2024-02-27") + days,
            "note": [f"secret note {number} {rng.random()}" for number in range(n_samples)],
        }
        match task:
            case "binary":
                return columns, np.where(signal > 0, "yes", "no").astype(object)
            case "multiclass":
                return columns, np.digitize(signal, [-60, 60]) * 10
            case _:
                return columns, signal + 1000

    return make


@pytest.fixture(scope="session")
def fittings(
    make_columns: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Any, Path]]:
    """Return a short finished fit of each task, and the file that its model is saved in."""
    from tests.fits import fitting_of

    from madaline._tables.table import Table

    fittings = {}
    for task in ("binary", "multiclass", "regression"):
        columns, target = make_columns(task)
        kind = "regression" if task == "regression" else "classification"
        fitting = fitting_of(Table.from_columns(columns), target, task=kind, effort=12)
        list(fitting)
        path = tmp_path_factory.mktemp("models") / f"{task}.model"
        fitting.model().save(path)
        fittings[task] = (fitting, path)
    return fittings


@pytest.fixture(scope="session")
def forward() -> Any:
    """Return scores of five stretches of 40 days, where the last known value predicts as well."""
    from madaline._race.time.forward import Aging, ForwardScores, Stretch

    day, values = 86_400.0, (8.0, 7.0, 10.0, 10.5, 12.5)
    baselines, last_known = (25.0, 24.0, 26.0, 27.0, 29.0), (9.0, 7.0, 11.0, 10.0, 12.0)
    start = 1_325_376_000.0  # 2012-01-01
    stretches = [
        Stretch(start + 40 * k * day, start + (40 * k + 39) * day, 40, 200 + 40 * k, *measured)
        for k, measured in enumerate(zip(values, baselines, last_known, strict=True))
    ]
    aging = (Aging(40 * day, 1.02), Aging(160 * day, 1.19))
    return ForwardScores("day", True, "rmse", tuple(stretches), aging=aging)


@pytest.fixture(scope="session")
def dated_model(fittings: dict[str, tuple[Any, Path]], forward: Any) -> Any:
    """Return a model of numbers as if it had been evaluated on stretches of time."""
    from dataclasses import replace

    from madaline._models.model import FittedModel
    from madaline._race.evaluation.score import Score

    model = FittedModel.load(fittings["regression"][1])
    scores = (Score("r2", 0.8, 0.05, 0.0, True), Score("rmse", 9.8, 1.4, 26.2, False))
    return replace(model, summary=replace(model.summary, forward=forward, scores=scores))
