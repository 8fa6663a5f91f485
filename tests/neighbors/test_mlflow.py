"""MLflow keeps models that it loads and serves with the same bits, and records fits by epoch."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

mlflow = pytest.importorskip("mlflow", reason="mlflow is not installed")

from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import FunctionTransformer  # noqa: E402
from tests.neighbors.test_skops import CLASSIFIER  # noqa: E402

import madaline.mlflow as tracking  # noqa: E402
from madaline import AdaptiveClassifier, AdaptiveRegressor, NeuralNetwork, OnlineRegressor  # noqa: E402
from madaline.errors import InputError  # noqa: E402

# What MLflow and its packages warn of is not of this project.
pytestmark = pytest.mark.filterwarnings("ignore")

RNG = np.random.default_rng(0)
X = pd.DataFrame(
    {
        "size": RNG.normal(size=120),
        "rooms": RNG.integers(1, 9, 120),
        "city": RNG.choice(["Bonn", "Kiel", None], 120),
        "new": RNG.random(120) > 0.5,
        "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(RNG.permutation(120), "D"),
    }
)
y = np.where(X["size"] + RNG.normal(size=120) / 4 > 0, "yes", "no")
ROWS = X.iloc[[3, 2, 1]].assign(rooms=[2, None, 4], size=[1, 0, None], city=None)


@pytest.fixture(scope="module")
def model():
    return AdaptiveClassifier(effort=3, random_state=0).fit(X, y, time=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("mlflow")


@pytest.fixture(autouse=True)
def _experiment(folder, monkeypatch, request):
    monkeypatch.chdir(folder)
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.set_experiment(request.node.name)
    yield
    tracking.autolog(disable=True)


def runs():
    return mlflow.search_runs(output_format="list", order_by=["start_time"])


def test_a_logged_model_predicts_the_same_bits_with_gaps_and_columns_in_any_order(model):
    info = tracking.log_model(model, input_example=X.head())
    served = mlflow.pyfunc.load_model(info.model_uri)
    for rows in (X, ROWS, X[X.columns[::-1]].assign(other=1)):
        assert served.predict(rows).tolist() == model.predict(rows).tolist()
        shares = served.predict(rows, params={"method": "predict_proba"})
        assert shares.tobytes() == model.predict_proba(rows).tobytes()
    with pytest.raises(InputError, match="method is 'onwards': it is one of predict, "):
        served.predict(X, params={"method": "onwards"})
    loaded = tracking.load_model(info.model_uri)
    assert repr(loaded) == repr(model)
    assert loaded.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()


def test_the_signature_is_that_of_the_fit(model):
    signature = tracking.log_model(model, input_example=X.head()).signature
    types = ["double", "Any", "string", "boolean", "datetime"]
    names = ["size", "rooms", "city", "new", "day"]
    assert [str(one.type).rpartition(".")[2] for one in signature.inputs.inputs] == types
    assert signature.inputs.input_names() == names
    assert signature.outputs.inputs[0].type.kind == "U"
    without = tracking.log_model(model).signature
    assert without.inputs.input_names() == names
    assert without.outputs == signature.outputs


def test_other_models_and_inputs():
    regressor = AdaptiveRegressor(effort=2, random_state=0).fit(
        X[["size"]].to_numpy(), RNG.normal(size=120)
    )
    info = tracking.log_model(regressor, input_example=X[["size"]].to_numpy()[:3])
    served = mlflow.pyfunc.load_model(info.model_uri)
    rows = X[["size"]].to_numpy()
    assert served.predict(rows).tobytes() == regressor.predict(rows).tobytes()
    stream = OnlineRegressor(random_state=0).partial_fit(X, X["rooms"])
    served = mlflow.pyfunc.load_model(tracking.log_model(stream).model_uri)
    assert served.predict(ROWS).tobytes() == stream.predict(ROWS).tobytes()
    with pytest.raises(InputError, match="model is a DummyThing: give"):
        tracking.log_model(type("DummyThing", (), {})())


def test_the_server_of_mlflow_answers(model):
    from mlflow.pyfunc.scoring_server import invocations

    info = tracking.log_model(model, input_example=X.head())
    served = mlflow.pyfunc.load_model(info.model_uri)
    split = {"columns": [*X.columns], "data": [[0.5, 2, None, True, "2026-03-01"]]}
    body = json.dumps({"dataframe_split": split, "params": {"method": "predict_proba"}})
    schema = served.metadata.get_input_schema()
    answer = invocations(body, "application/json", served, schema)
    rows = pd.DataFrame([[0.5, 2, None, True, pd.Timestamp("2026-03-01")]], columns=X.columns)
    assert answer.status == 200
    assert json.loads(answer.response)["predictions"] == model.predict_proba(rows).tolist()


def test_a_model_works_where_madaline_is_not_installed(model, tmp_path):
    tracking.save_model(model, tmp_path / "kept", input_example=ROWS)
    ROWS.to_pickle(tmp_path / "rows")
    code = f"""
import sys
sys.meta_path = [one for one in sys.meta_path if "editable" not in repr(one)]
sys.path = [one for one in sys.path if not one.endswith("src")]
import mlflow, pandas
model = mlflow.pyfunc.load_model(r"{tmp_path / "kept"}")
print(sys.modules["madaline"].__file__)
print(*model.predict(pandas.read_pickle(r"{tmp_path / "rows"}")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    path, predicted = done.stdout.split("\n")[:2]
    assert path.startswith(str(tmp_path / "kept" / "code"))
    assert predicted.split() == model.predict(ROWS).tolist()


def test_each_fit_is_recorded_with_one_step_an_epoch():
    tracking.autolog(log_input_examples=True)
    seen = []
    model = AdaptiveClassifier(effort=4, random_state=0)
    model.fit(X, y, time=False, on_epoch=seen.append)
    (run,) = runs()
    assert run.info.status == "FINISHED"
    assert (run.data.params["effort"], run.data.tags["estimator_name"]) == (
        "4",
        "AdaptiveClassifier",
    )
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "best_loss")
    assert [(one.step, one.value) for one in history] == [
        (one.epoch, one.best_loss) for one in seen
    ]
    for score in model.scores_:
        assert run.data.metrics[score.metric] == score.value
        assert run.data.metrics[f"{score.metric}_standard_error"] == score.standard_error
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/story.txt") == str(
        model.story(full=True)
    )
    (kept,) = run.outputs.model_outputs
    loaded = tracking.load_model(f"models:/{kept.model_id}")
    assert loaded.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()
    tracking.autolog(disable=True)
    model.fit(X, y, time=False)
    assert len(runs()) == 1


def test_fits_within_a_run_are_nested_after_the_first_and_what_fails_is_told():
    tracking.autolog(log_models=False)
    model = AdaptiveClassifier(effort=1, random_state=0)
    with mlflow.start_run() as run:
        model.fit(X, y, time=False)
        model.set_params(effort=2).fit(X, y, time=False)
        with pytest.raises(LookupError):
            model.fit(X, y, time=False, on_epoch=lambda record: {}[record])
    first, second, third = runs()
    assert first.info.run_id == run.info.run_id
    assert [one.data.params["effort"] for one in (first, second, third)] == ["1", "2", "2"]
    assert [one.info.status for one in (first, second, third)] == ["FINISHED", "FINISHED", "FAILED"]
    assert second.data.tags["mlflow.parentRunId"] == run.info.run_id


def test_a_fit_goes_on_where_mlflow_fails(monkeypatch):
    def fail(*arguments, **named):
        raise OSError("no connection")

    tracking.autolog()
    monkeypatch.setattr(mlflow, "log_metrics", fail)
    model = AdaptiveClassifier(effort=2, random_state=0)
    with pytest.warns(UserWarning, match="MLflow records no more of this fit: no connection"):
        model.fit(X, y, time=False)
    assert model.predict(X).shape == (120,)
    assert mlflow.active_run() is None


def test_a_pipeline_is_logged_by_its_own_flavor(model):
    pipeline = make_pipeline(FunctionTransformer(), model)
    info = mlflow.sklearn.log_model(pipeline, name="pipeline", skops_trusted_types=CLASSIFIER)
    loaded = mlflow.sklearn.load_model(info.model_uri)
    assert loaded.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()


def test_what_is_refused():
    info = mlflow.sklearn.log_model(LogisticRegression().fit(X[["size"]], y), name="other")
    with pytest.raises(InputError, match="holds a model of python_function, sklearn, not one"):
        tracking.load_model(info.model_uri)
    with pytest.raises(InputError, match="model is a NeuralNetwork: give"):
        tracking.log_model(NeuralNetwork(2, 2, 1))


def test_the_example_of_the_document_works():
    (found,) = [
        one for one in doctest.DocTestFinder().find(tracking) if one.name.endswith("log_model")
    ]
    for one in found.examples:
        one.options.pop(doctest.SKIP, None)
    assert doctest.DocTestRunner().run(found).failed == 0


def test_mlflow_is_not_imported_unless_it_is_used():
    code = "import sys, madaline.mlflow; print('mlflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
