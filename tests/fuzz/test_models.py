"""Signed but malformed models are refused with one sentence, or predict finite numbers."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fuzz.mutants import lay_out, mutant, signed
from tests.runtime.test_files_of_versions import FOLDER, PREDICTIONS, columns_of

from madaline import AdaptiveClassifier, AdaptiveRegressor, load, runtime, sounds
from madaline._apps.cli import main
from madaline._models.model import FittedModel
from madaline._tables.io.tensor_file import MODEL, read_tensor_file
from madaline._tables.target import ClassEncoder, JointEncoder
from madaline.errors import MadalineError, ModelFileError

_LAGS = {"series": "store", "lags": [1, 3], "horizon": 4, "gap": 1, "past": ["visits", "sky"]}
_LAGS |= {"time": "day"}


class Models:
    """Models as (description, arrays, rows), which Hypothesis should not print (final)."""

    def __init__(self, found):
        self.found = found

    def __repr__(self):
        return f"{len(self.found)} models"

    def of(self, name):
        """Return a model of 0.1.0; they come last."""
        return self.found[list(PREDICTIONS).index(name) - len(PREDICTIONS)]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Descriptions and arrays of models, and rows for each: those of 0.1.0, and some of today."""
    rng = np.random.default_rng(0)
    mixed = {
        "zip": rng.choice([f"z{number}" for number in range(80)], 90).tolist(),
        "day": np.datetime64("2024-02-27") + rng.integers(0, 900, 90),
        "open": rng.choice([True, False], 90).tolist(),
        "note": rng.choice(["so good and true", "so bad and false", "fine or not at all"], 90),
    }
    waves = [np.sin(np.arange(900) * (0.2 + 0.3 * (row % 2))) for row in range(30)]
    fitted = [
        (mixed, np.arange(90) % 3, {name: values[:5] for name, values in mixed.items()}),
        (sounds(waves, 8000), np.arange(30) % 2, {"sound": sounds(waves[:5], 8000)}),
    ]
    series = {
        "day": np.repeat(np.datetime64("2024-02-27") + np.arange(45), 2),
        "store": ["a", "b"] * 45,
        "visits": rng.normal(size=90),
        "sky": rng.choice(["clear", "rain"], 90).tolist(),
    }
    of_series = {name: series[name][-5:] for name in ("day", "store")}
    few = {name: values[:5] for name, values in mixed.items()}
    labels, numbers = rng.integers(0, 2, (90, 3)), rng.normal(size=(90, 2))
    quantiles = AdaptiveRegressor(loss="quantile", quantile=[0.1, 0.9], effort=1, random_state=0)
    models = [
        *((AdaptiveClassifier(effort=1, random_state=0), *one) for one in fitted),
        (AdaptiveClassifier(effort=1, random_state=0), mixed, labels, few),
        (AdaptiveRegressor(effort=1, random_state=0), mixed, numbers, few),
        (quantiles, mixed, numbers[:, 0], few),
        (AdaptiveRegressor(effort=1, random_state=0), mixed, numbers[:, 0], few),
        (AdaptiveRegressor(effort=1, random_state=0), series, numbers[:, 0], of_series),
    ]
    lagged = len(models) - 1
    steps = {"number": rng.random(600), "level": rng.choice(list("abcdefghijkl"), 600).tolist()}
    step, some = steps["number"] * 8 % 2 < 1, {name: values[:5] for name, values in steps.items()}
    either = step ^ np.isin(steps["level"], list("adgk"))
    models += [
        (AdaptiveRegressor(effort=1, random_state=0), steps, step * 1.0, some),
        (AdaptiveClassifier(effort=1, random_state=0), steps, either, some),
    ]
    of_time = {lagged - 1: {"time": "day"}, lagged: _LAGS}
    found = []
    for number, (estimator, X, y, rows) in enumerate(models):
        path = tmp_path_factory.mktemp("fuzz") / f"{number}.madaline"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nothing can be learned of these
            keep_rows, given = 40 if number == 0 else 0, of_time.get(number, {})
            estimator.set_params(keep_rows=keep_rows).fit(X, y, **given)
            if number == 0:
                estimator.update(rows, y[:5])
            estimator.save(path)
        found.append((*read_tensor_file(path), rows))
        assert ('"layer": "Trees"' in json.dumps(found[-1][0])) == (number > lagged)
    for name in PREDICTIONS:
        found.append((*read_tensor_file(FOLDER / f"{name}.madaline"), columns_of(name)))
    return Models(found)


@example(seed=2919)  # a kind of finding that there is not, among many
@given(seed=st.integers(0, 2**32))
def test_a_signed_mutant_is_refused_or_predicts(models, tmp_path_factory, seed):
    rng = Random(seed)
    description, arrays, rows = rng.choice(models.found)
    path = tmp_path_factory.getbasetemp() / "mutant.madaline"
    path.write_bytes(mutant(rng, MODEL, description, arrays))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # numbers that overflow
        _use(path, rows)
        for command in (["info"], ["info", "--json"], ["report", "--json"]):
            assert main([command[0], str(path), *command[1:]]) in (0, 2)


def _use(path, rows):
    """Load a model in both ways and predict; what is refused is refused in a sentence."""
    try:
        predictor = runtime.load(path)
        _check_predictions(predictor, rows)
        model = FittedModel.load(path)
        assert str(model.story())
        load(path).predict(rows)
        if model.profile is not None:
            model.diagnose(rows)
            model.watch().observe(rows)
    except MadalineError as error:
        sentence = str(error)
        assert len(sentence) < 600
        assert sentence.endswith((".", "?"))


def _check_predictions(predictor, rows):
    predictor.predict(rows, n_jobs=1)
    if predictor.past is not None:
        predictor.forecast()
    encoder = predictor.target_encoder
    of_labels = isinstance(encoder, JointEncoder) and encoder.of_classes
    if of_labels or isinstance(encoder, ClassEncoder):
        assert np.isfinite(predictor.predict_proba(rows, n_jobs=1)).all()
        predictor.predict_set(rows, 0.8, n_jobs=1)
    else:
        assert np.isfinite(predictor.predict(rows, n_jobs=1)).all()
        assert np.isfinite(predictor.predict_interval(rows, 0.7, n_jobs=1)).all()


def changed(models, change):
    """Return the file of a model of numbers of 0.1.0 after a change, signed."""
    description, arrays, _ = models.of("numbers")
    description, arrays = json.loads(json.dumps(description)), dict(arrays)
    change(description["predictor"], arrays)
    return signed(MODEL, json.dumps(description), *lay_out(arrays))


def test_each_kind_of_forgery_is_named(models, tmp_path):
    path = tmp_path / "forged.madaline"

    def put(holder, key, value):
        holder[key] = value

    def weights(value):
        def change(state, arrays):
            theta = arrays["part0.theta"].copy()
            theta[0, 0, 7] = value
            arrays["part0.theta"] = theta

        return change

    cases = {
        "part0.theta holds nan": weights(np.nan),
        "part0.theta holds inf": weights(np.inf),
        "predictor.temperature is 0": lambda state, _: put(state, "temperature", 0),
        "predictor.parts.0.n_bins is 100000": lambda s, _: put(s["parts"][0], "n_bins", 100_000),
        "encoder.columns.0.kind is 'x', but must be one of": lambda state, _: put(
            state["encoder"]["columns"][0], "kind", "x"
        ),
        "spread is -1": lambda s, _: put(s["encoder"]["columns"][0]["state"], "spread", -1),
        "layers.1.layer is 'Run'": lambda s, _: put(
            s["parts"][0]["network"]["layers"][1], "layer", "Run"
        ),
        "numbers, but gets": lambda s, _: put(s["parts"][0], "n_bins", 16),
        "has an unknown array more": lambda _, arrays: put(arrays, "more", np.zeros(3)),
        "weights add up to": lambda _, arrays: put(arrays, "part0.weights", np.array([0.0])),
        "loss CrossEntropy, which does not fit": lambda s, _: put(
            s, "loss", {"loss": "CrossEntropy", "label_smoothing": 0.0}
        ),
    }
    for words, change in cases.items():
        path.write_bytes(changed(models, change))
        for reader in (runtime.load, load):
            with pytest.raises(ModelFileError, match=r"is whole, but not .*\): fit the") as caught:
                reader(path)
            assert words in str(caught.value)


def test_weights_that_overflow_are_refused_when_they_predict(models, tmp_path):
    def grow(_, arrays):
        arrays["part0.theta"] = np.full_like(arrays["part0.theta"], 3e38)

    path = tmp_path / "large.madaline"
    path.write_bytes(changed(models, grow))
    _, _, rows = models.of("numbers")
    with np.errstate(all="ignore"), pytest.raises(MadalineError, match="predicts no finite number"):
        runtime.load(path).predict(rows)


def test_models_of_0_1_0_are_where_the_fuzz_target_looks_for_them():
    assert Path(FOLDER, "numbers.madaline").is_file()


def test_what_random_mutants_found_stays_mended(models, tmp_path, capfd):
    path = tmp_path / "found.madaline"
    description, arrays, _ = models.of("numbers")
    description = json.loads(json.dumps(description))
    for name in ("edges", "below"):  # a column without a histogram
        description["profile"][0].pop(name)
    importances = description["summary"]["importances"]
    importances[0] |= {"value": 1e-300, "standard_error": 0.0}  # bars of any length
    importances[1] |= {"value": 1e300, "standard_error": 0.0}
    path.write_bytes(signed(MODEL, json.dumps(description), *lay_out(arrays)))
    assert main(["info", str(path)]) == 0
    assert "Traceback" not in capfd.readouterr().err
