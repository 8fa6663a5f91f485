"""madaline as a system that TabArena's runner can load.

A system is handed raw rows and does everything itself, which is what madaline does: it encodes,
validates on folds of its own and ensembles. TabArena gives the rows, the cuts and the limits.

    pip install madaline tabarena
    python benchmarks/tabarena/adapter.py --datasets credit-g concrete_compressive_strength
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tabarena.benchmark.exec_models import ExternalSystemModel

SHARE_OF_TIME_LIMIT = 0.9


class MadalineSystem(ExternalSystemModel):  # type: ignore[misc]
    """Fit an `AdaptiveClassifier` or an `AdaptiveRegressor` to all rows.

    Parameters
    ----------
    settings : mapping of str to object, optional
        Arguments of the estimator, such as ``{"preset": "best"}``; by default none.
    """

    def __init__(self, *, settings: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settings = dict(settings or {})

    def _fit_system(
        self,
        X: pd.DataFrame,
        y: pd.Series,
        *,
        problem_type: str,
        num_cpus: int | None,
        time_limit: float | None,
        random_state: int | None,
        **_others: Any,
    ) -> MadalineSystem:
        from madaline import AdaptiveClassifier, AdaptiveRegressor

        kind = AdaptiveRegressor if problem_type == "regression" else AdaptiveClassifier
        limit = None if time_limit is None else SHARE_OF_TIME_LIMIT * time_limit
        arguments = {"n_jobs": num_cpus or 1, "random_state": random_state or 0}
        self._model = kind(time_limit=limit, **(arguments | self.settings)).fit(X, y)
        return self

    def _predict(self, X: pd.DataFrame) -> pd.Series:
        return pd.Series(self._model.predict(X), index=X.index)

    def _predict_proba(self, X: pd.DataFrame) -> pd.DataFrame:
        probabilities = self._model.predict_proba(X)
        return pd.DataFrame(probabilities, columns=self._model.classes_, index=X.index)


def configurations() -> Any:
    """Return what TabArena runs: the default, and the preset that takes most time."""
    from tabarena.utils.config_utils import SystemConfigGenerator

    return SystemConfigGenerator(
        model_cls=MadalineSystem,
        name="madaline",
        manual_configs=[{}, {"settings": {"preset": "best"}}],
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both configurations on TabArena's data sets and print its leaderboard."""
    from tabarena.benchmark.experiment import TabArenaV0pt1ExperimentBundle
    from tabarena.contexts import TabArenaContext

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", nargs="+", metavar="NAME", help="all 51 by default")
    parser.add_argument("--subset", nargs="+", default=["lite"], help="lite: one cut of each")
    parser.add_argument("--time-limit", type=int, default=3600, help="seconds for each fit")
    parser.add_argument("--folder", type=Path, default=Path("tabarena_results"))
    options = parser.parse_args(arguments)
    experiments = TabArenaV0pt1ExperimentBundle(
        models=[(configurations(), 0)], system_experiments=True
    ).build_experiments(time_limit=options.time_limit)
    context = TabArenaContext()
    context.build_and_run_jobs(
        experiments,
        expname=str(options.folder / "runs"),
        subset=options.subset,
        build_kwargs={"dataset_names": options.datasets} if options.datasets else None,
        debug_mode=True,
    )
    leaderboard = context.compare(output_dir=options.folder / "leaderboard")
    print(context.leaderboard_to_website_format(leaderboard=leaderboard).to_markdown(index=False))
    return 0


if __name__ == "__main__":
    # What is pickled must be found again by the name of its module, which `__main__` is not.
    from adapter import main as run

    sys.exit(run())
