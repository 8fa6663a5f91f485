"""What is registered in several places is known in all: kinds, metrics, losses, layers, leaks.

Whoever adds one and forgets a place reads here which (docs/design.md, "How to add").
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator

import numpy as np
import pytest
from tests.fits import fitting_of

from madaline import load, records
from madaline._apps.cli import main
from madaline._base.codec import fields_of
from madaline._base.words import METRICS
from madaline._models.runtime import file_checks
from madaline._models.runtime.file_checks import NETWORK
from madaline._race.evaluation import objective
from madaline._race.evaluation.leak_clues import FORMS
from madaline._race.evaluation.leak_pairs import COMBINATIONS
from madaline._race.evaluation.leakage import find_leaks
from madaline._race.evaluation.metrics import CLASS_METRICS, NUMBER_METRICS
from madaline._race.evaluation.score import LOSS_METRICS
from madaline._tables.kinds import ENCODERS, KINDS
from madaline._tables.kinds.kind import DROPPED, KIND_NAMES, LEVELS, MEDIA, NUMBERS, WORDS
from madaline._tables.media.signals import Sequence, Sound
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn import layers, losses
from madaline.nn.layers import LAYERS, Activation, Layer
from madaline.nn.losses import LOSSES, Loss
from madaline.nn.network import Network
from madaline.records.decision import Decision
from madaline.records.reading import TYPES

N_ROWS = 24


def column(kind: str) -> np.ndarray:
    """Return a column of each kind; a new kind needs one here."""
    rng, made = np.random.default_rng(0), np.empty(N_ROWS, object)
    match kind:
        case "number":
            return rng.standard_normal(N_ROWS)
        case "category":
            return rng.choice(["red", "blue"], N_ROWS).astype(object)
        case "boolean":
            return rng.choice([True, False], N_ROWS).astype(object)
        case "datetime":
            return np.datetime64("2024-01-01", "us") + rng.integers(0, 10**13, N_ROWS)
        case "image":
            return rng.random((N_ROWS, 4, 4))
        case "text":
            made[:] = [f"some words number {row} of {row % 5}" for row in range(N_ROWS)]
        case "sequence":
            made[:] = [Sequence(rng.random((9, 1), np.float32)) for _ in range(N_ROWS)]
        case "sound":
            made[:] = [Sound(rng.random(900, np.float32), 4000) for _ in range(N_ROWS)]
        case _:
            pytest.fail(f"no column of the kind {kind} is tried: add one to `column` in this file")
    return made


@pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_a_column_of_each_kind_is_known_everywhere(kind: str, tmp_path) -> None:
    X, y = {"other": np.arange(N_ROWS) % 7.0, "own": column(kind)}, np.arange(N_ROWS) % 2
    fitting = fitting_of(
        Table.from_columns(X), y, task="classification", kinds={"own": kind}, effort=1
    )
    list(fitting)
    path = tmp_path / "m"
    fitting.model().save(path)
    model = load(path)
    assert model.model_.schema["own"].kind == kind
    np.testing.assert_array_equal(model.predict(X), fitting.model().predict(Table.from_columns(X)))
    assert len(model.explain(X)) == N_ROWS
    model.model_.diagnose(X)
    model.watch().observe(X)
    check_changes(model, X, kind)
    check_export(model, tmp_path / "onnx", kind)
    pytest.importorskip("jinja2")
    model.report(tmp_path / "report", X, y)
    assert "own" in model.card()
    assert main(["info", str(path)]) == 0


def check_changes(model, X, kind: str) -> None:
    """Check that columns of one value a row can be changed and varied, and others are refused."""
    first = {name: values[:1] for name, values in X.items()}
    if KINDS[kind].holds in (WORDS, MEDIA):
        with pytest.raises(InputError):
            model.counterfactuals(first, columns=["own"])
    else:
        model.counterfactuals(first, columns=["own", "other"])


def check_export(model, path, kind: str) -> None:
    """Check that a model can be exported, or is refused."""
    pytest.importorskip("onnx")
    if kind in ("text", "sound"):
        with pytest.raises(InputError, match=f"cannot read {kind}s"):
            model.to_onnx(path)
    else:
        model.to_onnx(path)


def test_each_kind_says_all_that_rooms_ask_for() -> None:
    pytest.importorskip("starlette")
    from madaline._apps.serve import inference_shape, messages, openapi

    assert {*KINDS, DROPPED} == set(KIND_NAMES), (
        "name all kinds in KIND_NAMES (_tables/kinds/kind.py)"
    )
    for name, kind in KINDS.items():
        assert kind.name == name
        assert len(kind.words) == 2
        assert kind.holds in (NUMBERS, LEVELS, WORDS, MEDIA)
        assert kind.json in openapi.TYPES
        assert kind.json in inference_shape.DATATYPES
        assert kind.holds == MEDIA or kind.json in messages.PLAIN_TYPES
        assert {encoder.kind for encoder in kind.encoders} == {name}


def test_each_encoder_is_in_a_file() -> None:
    assert all(fields_of(encoder).needed for encoder in ENCODERS.values())


METRICS_OF = [("classification", name) for name in [objective.LOG_LOSS, *CLASS_METRICS]]
METRICS_OF += [("regression", name) for name in NUMBER_METRICS]


@pytest.mark.parametrize(("task", "metric"), METRICS_OF)
def test_a_metric_has_words_and_chooses_a_model(task: str, metric: str, tmp_path) -> None:
    wanted = objective.Objective(metric=metric)
    target = np.arange(N_ROWS) % 2 if task == "classification" else np.arange(N_ROWS) / 7
    X = Table.from_columns({"a": np.arange(N_ROWS) % 5})
    fitting = fitting_of(X, target, task=task, objective=wanted, effort=1)
    list(fitting)
    fitting.model().save(tmp_path / "m")
    scores = [score.metric for score in load(tmp_path / "m").scores_]
    lacking = set(scores) - METRICS.keys()
    assert not lacking, f"say in METRICS (_base/words.py) what {lacking} is"
    shown_as = {"squared": "rmse", objective.LOG_LOSS: objective.LOG_LOSS}
    assert (shown_as.get(metric) or (CLASS_METRICS | NUMBER_METRICS)[metric][0]) in scores


@pytest.mark.parametrize("loss", objective.LOSSES)
def test_a_loss_for_users_is_kept_with_a_model(loss: str, tmp_path) -> None:
    X = Table.from_columns({"a": np.arange(N_ROWS) % 5})
    wanted = objective.Objective(loss=loss)
    fitting = fitting_of(X, np.arange(N_ROWS) / 7, task="regression", objective=wanted, effort=1)
    list(fitting)
    fitting.model().save(tmp_path / "m")
    kept = load(tmp_path / "m").model_
    assert kept.summary.request.objective.loss == loss
    own = type(kept.predictor.loss)
    assert own is losses.Squared or own in LOSS_METRICS, (
        "name its metric in _race/evaluation/score.py"
    )


def test_each_loss_and_each_layer_is_in_a_file() -> None:
    written = {one for one in vars(losses).values() if _is_final(one, Loss)}
    assert set(LOSSES) == written, "list all losses in LOSSES (nn/losses/__init__.py)"
    names = {one.__name__ for one in LOSSES}
    assert names == file_checks.LOSSES.keys(), "check all losses in _models/runtime/file_checks.py"
    imported = {one for one in vars(layers).values() if _is_final(one, Layer)}
    assert set(LAYERS) == imported, "list all layers in LAYERS (nn/layers/__init__.py)"


@pytest.mark.parametrize("layer", [one for one in LAYERS if issubclass(one, Activation)])
def test_an_activation_is_read_from_a_file(layer: type[Layer]) -> None:
    config = json.loads(json.dumps(Network([layers.Linear(2, 1), layer()]).config()))
    NETWORK(config)
    assert Network.from_config(config).config() == Network([layers.Linear(2, 1), layer()]).config()


def test_each_decision_is_read_from_a_file() -> None:
    own = {one.__name__: one for one in _decisions()}
    assert own.keys() == TYPES.keys()


N_LEAKY = 300


def planted(form: str) -> tuple[dict[str, np.ndarray], np.ndarray, bool]:
    """Return columns with a leak of each form, the target, whether it is classes; a new form, too.

    The target is 0, 1 or 2, or a positive number that they are ranges of.
    """
    rng = np.random.default_rng(1)
    price = rng.lognormal(3, 1, N_LEAKY)
    codes = np.digitize(price, np.quantile(price, [0.4, 0.7]))
    other, third = rng.lognormal(0, 1, (2, N_LEAKY))
    group, some = rng.integers(0, 30, N_LEAKY), rng.random(N_LEAKY) < 0.5
    names = np.array(["low", "middle", "high"], object)[codes]
    match form:
        case "alone":
            return {"a": price**2}, price, False
        case "steps":
            return {"a": np.floor(5 * price.argsort().argsort() / N_LEAKY)}, price, False
        case "filled":
            return {"a": np.where(codes == 0, group, np.nan)}, codes, True
        case "level":
            return (
                {
                    "a": np.where((codes == 0) & (other < 3), "none", group.astype(str)).astype(
                        object
                    )
                },
                codes,
                True,
            )
        case "where filled":
            return {"a": np.where(some, price, np.nan)}, price, False
        case "where other":
            return {"a": np.where(some, names, "open")}, codes, True
        case "sum":
            return (
                {"a": price * (part := rng.random(N_LEAKY)), "b": price - price * part},
                price,
                False,
            )
        case "difference":
            return {"a": price + 99 * other, "b": 99 * other}, price, False
        case "product":
            return {"a": np.sqrt(price) * third, "b": np.sqrt(price) / third}, price, False
        case "ratio":
            return {"a": price * other, "b": other}, price, False
        case "pair":
            b = rng.integers(0, 3, N_LEAKY)
            letters = np.array(["x", "y", "z"], object)
            return {"a": letters[(codes + b) % 3], "b": b.astype(str).astype(object)}, codes, True
        case "linear":
            return (
                {"a": 9 * other, "b": 9 * third, "c": price - 9 * other - 9 * third},
                price,
                False,
            )
        case "means":
            means = np.bincount(group, price) / np.bincount(group)
            return {"a": means[group]}, price, False
        case "bounds":
            return (
                {"a": price - 2 * rng.random(N_LEAKY), "b": price + 2 * rng.random(N_LEAKY)},
                price,
                False,
            )
        case "view":
            return {"a": 10.0 * rng.integers(1000, 9999, N_LEAKY) + codes}, codes, True
        case "word":
            words = np.array(["called", "wrote", "asked", "paid", "sent", "again", "letter"])
            texts = [" ".join(rng.permutation([*rng.choice(words, 5), one])) for one in names]
            return {"a": np.array(texts, object)}, codes, True
        case "within":
            powers = np.array([1.1, 1.5, 0.7])[group % 3]
            return (
                {
                    "a": price**powers,
                    "b": (group % 3).astype(str).astype(object),
                },
                price,
                False,
            )
        case "same":
            b = rng.integers(0, 9, N_LEAKY)
            return (
                {
                    "a": np.where(codes == 0, b, (b + 1) % 9).astype(str).astype(object),
                    "b": b.astype(str).astype(object),
                },
                codes == 0,
                True,
            )
        case "rate":
            return {"a": np.where(some, 0.06 * price, 0.06 * rng.permutation(price))}, price, False
        case "computed":
            return {"a": price.cumsum()}, price, False
        case _:
            pytest.fail(f"no leak of the form {form} is tried: add one to `planted` in this file")


def test_what_combines_two_columns_is_a_form() -> None:
    assert COMBINATIONS.keys() <= FORMS.keys()


@pytest.mark.parametrize("form", FORMS)
def test_a_leak_of_each_form_is_found_and_told(form: str) -> None:
    columns, target, classes = planted(form)
    rng = np.random.default_rng(0)
    honest = {"noise": rng.normal(size=N_LEAKY), "other": rng.normal(size=N_LEAKY)}
    table = Table.from_columns({**honest, **columns})
    target = target.astype(int) if classes else target
    leaks = find_leaks(table, table.names, target, classes=classes)
    assert leaks, f"no leak of the form {form} was found: what yields it, COMBINATIONS or a clue?"
    (leak,) = leaks
    assert (leak.form, set(leak.columns)) == (form, set(columns))
    assert all(name in str(leak) for name in columns)


def _decisions() -> Iterator[type[Decision]]:
    """Yield all types of decisions of fits and streams; the textbook network keeps no files."""
    for found in pkgutil.iter_modules(records.__path__, f"{records.__name__}."):
        for one in vars(importlib.import_module(found.name)).values():
            if _is_final(one, Decision):
                yield one


def _is_final(one: object, kind: type) -> bool:
    return isinstance(one, type) and issubclass(one, kind) and not inspect.isabstract(one)
