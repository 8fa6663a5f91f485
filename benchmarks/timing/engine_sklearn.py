"""scikit-learn's MLP; several networks are fitted one after the other."""

from __future__ import annotations

import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

from timing.case import LEARNING_RATE, Case, Trainer


def prepare(case: Case, threads: int) -> list[Trainer]:
    """Return the case as scikit-learn trains it."""
    del threads  # the matrix library has been told
    warnings.simplefilter("ignore", ConvergenceWarning)
    x, y = case.data()
    networks = [
        MLPClassifier(
            case.units,
            alpha=0.0,
            batch_size=case.batch,
            learning_rate_init=LEARNING_RATE,
            n_iter_no_change=10**9,
            random_state=member,
            warm_start=True,
        )
        for member in range(case.members)
    ]

    def run(epochs: int) -> None:
        for network in networks:
            network.set_params(max_iter=epochs).fit(x, y)

    def loss() -> float:
        return float(log_loss(y, networks[0].predict_proba(x)))

    return [Trainer(run, loss, "one after the other" if case.members > 1 else "")]
