"""Optuna prunes fits after each epoch, and tunes what scikit-learn tunes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

optuna = pytest.importorskip("optuna", reason="optuna is not installed")

from madaline import AdaptiveClassifier  # noqa: E402

X = np.random.default_rng(0).normal(size=(120, 3))
y = X[:, 0] + 0.5 * np.random.default_rng(1).normal(size=120) > 0


def test_a_pruned_trial_leaves_fit_after_an_epoch():
    models = []

    def objective(trial):
        def report(record):
            trial.report(record.best_loss, record.epoch)
            if trial.should_prune():
                raise optuna.TrialPruned

        models.append(AdaptiveClassifier(effort=6, random_state=trial.number))
        return models[-1].fit(X, y, on_epoch=report).scores_[1].value

    pruner = optuna.pruners.ThresholdPruner(upper=0, n_warmup_steps=3)
    study = optuna.create_study(pruner=pruner)
    study.optimize(objective, n_trials=1)
    (trial,) = study.trials
    assert trial.state == optuna.trial.TrialState.PRUNED
    assert [*trial.intermediate_values] == [1, 2, 3]
    losses = [*trial.intermediate_values.values()]
    assert losses == sorted(losses, reverse=True)
    with pytest.raises(NotFittedError):
        models[0].predict(X)


def test_two_trials_at_a_time_report_their_own_epochs():
    def objective(trial):
        model = AdaptiveClassifier(effort=3, random_state=0)
        model.fit(X, y, on_epoch=lambda record: trial.report(record.best_loss, record.epoch))
        return model.scores_[1].value

    study = optuna.create_study()
    study.optimize(objective, n_trials=2, n_jobs=2)
    first, second = study.trials
    assert first.intermediate_values == second.intermediate_values
    assert [*first.intermediate_values] == [1, 2, 3]
    assert first.value == second.value
