"""Models that skops writes are read again with a short list of trusted types, and the same bits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

skops = pytest.importorskip("skops.io", reason="skops is not installed")

from tests.copying import same  # noqa: E402
from tests.grids import some  # noqa: E402
from tests.test_copies import MODELS  # noqa: E402

pytestmark = pytest.mark.filterwarnings(
    "ignore::madaline.errors.TextReadWarning",
    "ignore::madaline.errors.NothingLearnedWarning",
    "ignore::madaline.errors.GroupsWarning",
)
CLASSIFIER = [
    "madaline._apps.estimators.classifier.AdaptiveClassifier",
    "madaline._models.model.model.FittedModel",
]
REGRESSOR = [
    "madaline._apps.estimators.regressor.AdaptiveRegressor",
    "madaline._models.model.model.FittedModel",
]
LEARNER = [
    "madaline._models.online.learner.OnlineLearner",
    "madaline._models.online.pending.Pending",
]
WAITING = ["builtins.frozenset", "datetime.datetime"]  # values of rows that wait for labels
MANY = [
    "madaline._apps.estimators.many_models.ManyModels",
    "madaline._models.model.many.ModelsByGroup",
]
TRUSTED = {
    "AdaptiveClassifier": CLASSIFIER,
    "AdaptiveRegressor": REGRESSOR,
    "AdaptiveRegressor of several targets": REGRESSOR,
    "AdaptiveClassifier after an update": CLASSIFIER,
    "FittedModel": CLASSIFIER[1:],
    "load": CLASSIFIER,
    "NeuralNetwork": [
        "madaline._apps.neural_network.display.CoachDecisions",
        "madaline._apps.neural_network.estimator.NeuralNetwork",
        "madaline._apps.neural_network.parameters.Parameters",
        "madaline.nn.layers._activations.Sigmoid",
        "madaline.nn.losses._classification.BinaryCrossEntropy",
        "madaline.records.history.Epoch",
        "madaline.records.history.Epochs",
    ],
    "OnlineClassifier": [*WAITING, "madaline._apps.estimators.online.OnlineClassifier", *LEARNER],
    "OnlineRegressor": [*WAITING, "madaline._apps.estimators.online.OnlineRegressor", *LEARNER],
    "fit_many": MANY,
    "ManyModels": MANY,
    "sequences": ["madaline._tables.media.signals.Sequence", *CLASSIFIER],
}


@pytest.mark.parametrize("name", some(TRUSTED, 2))
def test_a_model_goes_on_to_the_same_bits(name, tmp_path):
    model, go_on = MODELS[name](tmp_path)
    content = skops.dumps(model)
    assert skops.get_untrusted_types(data=content) == sorted(TRUSTED[name])
    copied = skops.loads(content, trusted=TRUSTED[name])
    assert same(go_on(copied), go_on(model))


def test_the_document_lists_the_types():
    text = (Path(__file__).resolve().parents[2] / "docs" / "neighbors.md").read_text()
    assert {*re.findall(r"`([a-z]+\.[\w.]+)`", text)} >= {
        one for types in TRUSTED.values() for one in types
    }
