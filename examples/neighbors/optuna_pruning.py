"""Optuna tries settings of a model, and prunes fits that fall behind: one report after each epoch.

Run it in the project's folder: ``python examples/neighbors/optuna_pruning.py``.
"""

from pathlib import Path

import optuna
import pandas as pd

from madaline import AdaptiveClassifier

path = Path(__file__).parents[1] / "data" / "penguins.csv"
penguins = pd.read_csv(path).dropna(subset=["sex"])
X, y = penguins.drop(columns="sex"), penguins["sex"]


def objective(trial: optuna.Trial) -> float:
    """Return the share of held-out rows that are predicted wrongly."""
    # Networks tune themselves: what is left is which columns they get, and how they are read.
    columns = [name for name in X if trial.suggest_categorical(name, [True, False])]
    if not columns:
        raise optuna.TrialPruned

    def report(record) -> None:
        trial.report(record.best_loss, record.epoch)
        if trial.should_prune():
            raise optuna.TrialPruned

    model = AdaptiveClassifier(preset="quick", members="networks", random_state=0)
    return 1 - model.fit(X[columns], y, time=False, on_epoch=report).oof_score_


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=0)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=5)
    study = optuna.create_study(sampler=sampler, pruner=pruner)
    study.optimize(objective, n_trials=8)
    for trial in study.trials:
        used = [name for name in X if trial.params[name]]
        print(f"{trial.state.name:8} after {trial.last_step or 0:3} epochs: {', '.join(used)}")
    print(f"The lowest error is {study.best_value:.3f}.")
