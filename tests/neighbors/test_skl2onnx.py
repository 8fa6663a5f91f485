"""Pipelines and ensembles with madaline inside, converted by skl2onnx, predict the same."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, StackingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.grids import grid

onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed")

from skl2onnx.common.data_types import FloatTensorType, StringTensorType  # noqa: E402

from madaline import AdaptiveClassifier, AdaptiveRegressor  # noqa: E402
from madaline.errors import InputError  # noqa: E402
from madaline.skl2onnx import register_converters  # noqa: E402

SETTINGS = {"effort": 2, "random_state": 0}
# scikit-learn and skl2onnx warn about one another, and of few rounds.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True, scope="module")
def _registered():
    register_converters()


def rows_of(n_classes, n_rows=120):
    """Return numbers of 32 bits, as skl2onnx takes them, and classes."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 4)).astype(np.float32)
    return X, np.digitize(X[:, 0] + X[:, 1] * X[:, 2], [0.0, 0.8][: n_classes - 1])


def run(proto, feed):
    return onnxruntime.InferenceSession(proto.SerializeToString()).run(None, feed)


def classifier():
    return AdaptiveClassifier(**SETTINGS)


def linear():
    return LogisticRegression()


CLASSIFIERS = {
    "alone": classifier,
    "behind a scaler": lambda: make_pipeline(StandardScaler(), classifier()),
    "stacked": lambda: StackingClassifier([("a", classifier()), ("b", linear())], cv=2),
    "on top": lambda: StackingClassifier([("b", linear())], classifier(), cv=2),
    "calibrated": lambda: CalibratedClassifierCV(classifier(), cv=2),
    "in a bag": lambda: BaggingClassifier(classifier(), n_estimators=2, random_state=0),
}


@pytest.mark.parametrize(("name", "n_classes"), grid(CLASSIFIERS, [2, 3]))
def test_labels_and_probabilities(name, n_classes):
    make = CLASSIFIERS[name]
    X, y = rows_of(n_classes)
    model = make().fit(X, y)
    proto = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})
    labels, probabilities = run(proto, {"X": X})
    assert labels.tolist() == model.predict(X).tolist()
    np.testing.assert_allclose(probabilities, model.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize(
    ("names", "given"), [(["no", "yes"], ["no", "yes"]), ([False, True], [0, 1])]
)
def test_labels_keep_their_type(names, given):
    X, y = rows_of(2)
    model = classifier().fit(X, np.array(names)[y])
    labels, probabilities = run(skl2onnx.to_onnx(model, X[:1]), {"X": X})
    assert set(labels.tolist()) == set(given)
    assert probabilities[0].keys() == set(given)


REGRESSORS = {
    "alone": lambda: AdaptiveRegressor(**SETTINGS),
    "behind a scaler": lambda: make_pipeline(StandardScaler(), AdaptiveRegressor(**SETTINGS)),
    "stacked": lambda: StackingRegressor(
        [("a", AdaptiveRegressor(**SETTINGS)), ("b", Ridge())], cv=2
    ),
    "quantiles": lambda: AdaptiveRegressor(loss="quantile", quantile=[0.1, 0.9], **SETTINGS),
}


@pytest.mark.parametrize("make", REGRESSORS.values(), ids=REGRESSORS)
def test_numbers(make):
    X, _ = rows_of(2)
    model = make().fit(X, 2.0 * ((4 * X[:, 0] % 2 > 1) ^ (X[:, 1] > 0.2)))
    (numbers,) = run(skl2onnx.to_onnx(model, X[:1]), {"X": X})
    expected = model.predict(X)
    np.testing.assert_allclose(numbers, expected.reshape(len(X), -1), atol=1e-4)


def test_each_column_may_enter_alone(make_columns):
    columns, target = make_columns("binary")
    columns = {name: columns[name] for name in ("width", "city", "length")}
    model = classifier().fit(columns, target)
    types = {"width": FloatTensorType, "city": StringTensorType, "length": FloatTensorType}
    initial = [(name, kind([None, 1])) for name, kind in types.items()]
    proto = skl2onnx.to_onnx(model, initial_types=initial, options={"zipmap": False})
    feed = {
        name: np.array([[value or ""] for value in values], object)
        if name == "city"
        else np.array(values, np.float32)[:, None]
        for name, values in columns.items()
    }
    labels, probabilities = run(proto, feed)
    assert labels.tolist() == model.predict(columns).tolist()
    np.testing.assert_allclose(probabilities, model.predict_proba(columns), atol=1e-5)
    with pytest.raises(InputError, match="'city' is a category, but enters as a number"):
        skl2onnx.to_onnx(model, initial_types=[("X", FloatTensorType([None, 3]))])


def test_columns_are_known_by_their_names_and_all_are_given():
    X, y = rows_of(2)
    names = ["a", "b", "c", "d"]
    model = classifier().fit(dict(zip(names, X.T, strict=True)), y)
    initial = [(name, FloatTensorType([None, 1])) for name in reversed(names)]
    proto = skl2onnx.to_onnx(model, initial_types=initial, options={"zipmap": False})
    feed = {name: X[:, [number]] for number, name in enumerate(names)}
    expected = model.predict_proba(dict(zip(names, X.T, strict=True)))
    np.testing.assert_allclose(run(proto, feed)[1], expected, atol=1e-5)
    for others in (initial[:2], [("X", FloatTensorType([None, 5]))]):
        with pytest.raises(InputError, match="but the model was fitted to 4: give all of them"):
            skl2onnx.to_onnx(model, initial_types=others)


def test_what_cannot_be_converted_is_a_sentence():
    X, y = rows_of(2)
    with pytest.raises(InputError, match="Give target_opset=18 or later"):
        skl2onnx.to_onnx(classifier().fit(X, y), X[:1], target_opset=17)
    with pytest.raises(InputError, match="classifier of several targets"):
        skl2onnx.to_onnx(classifier().fit(X, np.column_stack([y, 1 - y])), X[:1])
