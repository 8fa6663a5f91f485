"""Explanations: what attributions must obey, whatever the networks, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from madaline import AdaptiveRegressor
from madaline._models.runtime.frozen_networks import NetworkPart
from madaline._tables.target import CountEncoder
from madaline._tell.explain import METHODS, explain
from madaline.errors import InputError
from madaline.nn._surgery import widen
from madaline.nn.layers import ScaledLinear
from madaline.nn.losses import Poisson
from madaline.nn.network import Network
from madaline.nn.population import Population

TASKS = ("binary", "multiclass", "regression")
CLASSES = TASKS[:2]


@pytest.fixture(params=TASKS)
def task(request) -> str:
    return request.param


def shapes_of(model):
    return len(model.predictor.encoder.columns)


@pytest.mark.parametrize("method", ["expected", "integrated", "shapley"])
@pytest.mark.parametrize("background", ["rows", "average"])
def test_attributions_add_up_to_the_output(wild, columns, task, method, background):
    given = columns[task] if background == "rows" else None
    target_encoder = wild[task].predictor.target_encoder
    scales = (None, "probability") if task in CLASSES else (None,)
    for scale in scales:
        explanation = explain(
            wild[task], columns[task], background=given, method=method, scale=scale
        )
        allowed = 1e-4 * np.maximum(
            target_encoder.high - target_encoder.low if task == "regression" else 1.0,
            abs(explanation.output - explanation.base),
        )
        assert (abs(explanation.remaining) <= allowed).all()
        np.testing.assert_allclose(
            explanation.base + explanation.sums + explanation.remaining, explanation.output
        )


def test_output_and_base_are_what_the_model_says(wild, columns, task):
    model, rows = wild[task], columns[task]
    explanation = explain(model, rows, background=rows, method="slope")
    if task == "regression":
        target_encoder = model.predictor.target_encoder
        said = model.predictor.output(rows)[:, 0] * target_encoder.scale + target_encoder.center
        np.testing.assert_allclose(explanation.base, said.mean(), rtol=1e-5)
    else:
        probability = model.predict_proba(rows)
        said = np.log(probability.max(axis=1) / (1 - probability.max(axis=1)))
        assert explanation.target_class.tolist() == model.predict(rows).tolist()
        of_classes = np.log(probability / (1 - probability)).mean(axis=0)
        np.testing.assert_allclose(
            explanation.base, of_classes[probability.argmax(axis=1)], rtol=1e-3
        )
    np.testing.assert_allclose(explanation.output, said, rtol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_a_column_that_no_network_hears_gets_exactly_zero(wild, with_parts, columns, task, method):
    model = wild[task]
    deaf = []
    for part in model.predictor.parts:
        theta = part.theta.copy()
        part.network.bind(theta)[0]["gate"][..., 2] = 0
        deaf.append(replace(part, theta=theta))
    explanation = explain(
        with_parts(model, deaf), columns[task], background=columns[task], method=method
    )
    assert not explanation.attributions[:, 2].any()
    assert explanation.attributions[:, 0].any()


@pytest.mark.parametrize("method", METHODS)
def test_columns_that_are_heard_alike_get_the_same(method):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((80, 2))
    model = (
        AdaptiveRegressor(effort=1, members="networks", random_state=0)
        .fit(np.column_stack([x[:, 0], x[:, 0], x[:, 1]]), x.sum(axis=1))
        .model_
    )
    parts = []
    for part in model.predictor.parts:
        theta = part.theta.copy()
        first = part.network.bind(theta)[0]
        index = np.asarray(part.network.layers[0].columns)
        first["gate"][..., 1] = first["gate"][..., 0]
        first["weight"][..., index == 1, :] = first["weight"][..., index == 0, :]
        parts.append(replace(part, theta=theta))
    model = replace(model, predictor=replace(model.predictor, parts=tuple(parts)))
    rows = {"x0": x[:, 0], "x1": x[:, 0], "x2": x[:, 1]}
    alike = explain(model, rows, background=rows, method=method)
    np.testing.assert_allclose(
        alike.attributions[:, 0], alike.attributions[:, 1], rtol=1e-4, atol=1e-6
    )
    assert alike.attributions[:, 0].any()


@pytest.mark.parametrize("method", METHODS)
def test_of_a_linear_network_they_are_weight_times_difference(models, with_parts, columns, method):
    model, rng = models["regression"], np.random.default_rng(0)
    predictor, rows = model.predictor, columns["regression"]
    gates = predictor.encoder.feature_columns(0)
    network = Network((ScaledLinear(tuple(map(int, gates)), 1),))
    theta = rng.standard_normal((1, 2, network.layout.size)).astype(np.float32)
    linear = with_parts(model, [NetworkPart(0, network, theta, np.ones(1))])
    first = network.bind(theta.astype(float))[0]
    weight = (first["gate"][0][:, gates] * first["weight"][0, :, :, 0]).mean(axis=0)
    features = predictor.encode(rows).features(0).astype(float)
    by_features = weight * (features - features.mean(axis=0)) * predictor.target_encoder.scale
    expected = np.stack(
        [by_features[:, gates == c].sum(axis=1) for c in range(gates.max() + 1)], axis=1
    )
    explanation = explain(linear, rows, background=rows, method=method)
    np.testing.assert_allclose(explanation.attributions, expected, rtol=1e-4, atol=1e-3)
    assert abs(explanation.remaining).max() < 1e-4 * np.ptp(explanation.output)


def test_sampled_shapley_values_agree_with_exact_ones_within_their_errors(wild, columns, task):
    model, rows = wild[task], columns[task]
    assert shapes_of(model) <= 10
    for background in (None, rows):
        exact = explain(model, rows, background=background, method="shapley")
        assert exact.standard_errors is None
        sampled = explain(
            model, rows, background=background, method="shapley", permutations=40, seed=3
        )
        off = sampled.attributions - exact.attributions
        known = sampled.standard_errors > 1e-6 * abs(exact.attributions).max()
        ratios = off[known] / sampled.standard_errors[known]
        assert 0.6 < np.sqrt(np.mean(ratios**2)) < 1.6
        assert np.mean(abs(ratios) < 3) > 0.95
        assert abs(sampled.remaining).max() < 1e-5 * abs(exact.attributions).max()


def test_exact_shapley_values_are_those_of_the_definition(wild, columns):
    """All orders of three columns, one after the other, with rows that are put together."""
    from itertools import permutations

    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 3))
    model = AdaptiveRegressor(effort=3, random_state=0).fit(x, x[:, 0] * x[:, 1] + x[:, 2]).model_
    names = ("x0", "x1", "x2")
    row, other = x[0], x[1]

    def value(known):
        mixed = {
            name: np.array([row[c] if c in known else other[c]]) for c, name in enumerate(names)
        }
        target_encoder = model.predictor.target_encoder
        return model.predictor.output(mixed)[0, 0] * target_encoder.scale + target_encoder.center

    expected = np.zeros(3)
    for order in permutations(range(3)):
        for place, column in enumerate(order):
            expected[column] += (value(order[: place + 1]) - value(order[:place])) / 6
    got = explain(
        model,
        dict(zip(names, x[:1].T, strict=True)),
        background=dict(zip(names, x[1:2].T, strict=True)),
        method="shapley",
    )
    np.testing.assert_allclose(got.attributions[0], expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_widening_a_network_leaves_attributions_as_they_are(wild, with_parts, columns, method):
    model, rows = wild["multiclass"], columns["multiclass"]
    wider = []
    for part in model.predictor.parts:
        network, theta = part.network, part.theta
        for layer in (0, 2):
            network, population = widen(
                network, Population(network.layout, theta), layer, 5, np.random.default_rng(layer)
            )
            theta = population.theta
        wider.append(replace(part, network=network, theta=theta))
    before = explain(model, rows, background=rows, method=method, nodes=32)
    after = explain(with_parts(model, wider), rows, background=rows, method=method, nodes=32)
    scale = abs(before.attributions).max()
    np.testing.assert_allclose(after.attributions, before.attributions, atol=1e-5 * scale)


@pytest.mark.parametrize("method", METHODS)
def test_other_weights_give_other_attributions(models, wild, columns, method):
    rows = columns["binary"]
    settings = {"background": rows, "method": method, "target_class": "yes"}
    learned = explain(models["binary"], rows, **settings).attributions
    drawn = explain(wild["binary"], rows, **settings).attributions
    assert abs(np.corrcoef(learned.ravel(), drawn.ravel())[0, 1]) < 0.5


def test_log_odds_of_two_classes_are_opposite(wild, columns):
    rows = columns["binary"]
    no, yes = (
        explain(wild["binary"], rows, background=rows, target_class=one) for one in ("no", "yes")
    )
    np.testing.assert_array_equal(no.attributions, -yes.attributions)
    np.testing.assert_array_equal(no.base, -yes.base)
    no, yes = (
        explain(wild["binary"], rows, target_class=one, scale="probability")
        for one in ("no", "yes")
    )
    np.testing.assert_allclose(no.output + yes.output, 1)
    np.testing.assert_allclose(no.attributions, -yes.attributions, atol=1e-6)


def test_probabilities_of_all_classes_share_what_is_there(wild, columns):
    rows = columns["multiclass"]
    each = [
        explain(wild["multiclass"], rows, target_class=one, scale="probability", nodes=64)
        for one in (0, 10, 20)
    ]
    np.testing.assert_allclose(sum(one.attributions for one in each), 0, atol=1e-4)
    np.testing.assert_allclose(sum(one.base for one in each), 1, atol=1e-6)


def test_the_temperature_is_part_of_what_is_explained(wild, columns):
    model, rows = wild["multiclass"], columns["multiclass"]
    cooler = replace(model, predictor=replace(model.predictor, temperature=2.0))
    model = replace(model, predictor=replace(model.predictor, temperature=1.0))
    hot, cool = (explain(one, rows, target_class=10) for one in (model, cooler))
    assert abs(cool.attributions).mean() < abs(hot.attributions).mean()
    np.testing.assert_allclose(
        cool.output,
        np.log(cooler.predict_proba(rows)[:, 1] / (1 - cooler.predict_proba(rows)[:, 1])),
        rtol=1e-6,
    )


def test_amounts_are_explained_in_their_unit(wild, columns):
    model, rows = wild["regression"], columns["regression"]
    predictor = replace(
        model.predictor, loss=Poisson(), target_encoder=CountEncoder(scale=3.0, low=0.0, high=1e9)
    )
    explanation = explain(replace(model, predictor=predictor), rows, background=rows)
    np.testing.assert_allclose(explanation.output, predictor.predict(rows), rtol=1e-6)
    assert abs(explanation.remaining).max() < 1e-4 * 1e9


def test_a_row_is_explained_the_same_beside_others(wild, columns, task):
    model, rows = wild[task], columns[task]
    together = explain(model, rows, background=rows)
    alone = explain(model, {name: [v[4]] for name, v in rows.items()}, background=rows)
    scale = abs(together.attributions).max()
    np.testing.assert_allclose(alone.attributions[0], together.attributions[4], atol=1e-5 * scale)


def test_the_same_seed_draws_the_same(wild, columns):
    model, rows = wild["binary"], columns["binary"]
    many = {name: [*values] * 5 for name, values in rows.items()}  # 150 rows, of which 100 count
    settings = {"background": many, "method": "shapley", "permutations": 2}
    one, same, other = (explain(model, rows, seed=seed, **settings) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.attributions, same.attributions)
    assert (one.attributions != other.attributions).any()
    assert one.background == "100 of 150 given rows, drawn at random"


def test_no_rows_are_explained_by_nothing(wild, columns):
    none = {name: values[:0] for name, values in columns["binary"].items()}
    explanation = explain(wild["binary"], none)
    assert explanation.attributions.shape == (0, shapes_of(wild["binary"]))


def test_two_few_nodes_are_an_error_that_says_how_many(wild, columns):
    with pytest.raises(InputError, match=r"With 1 nodes?, .* miss its output by .*give nodes=2"):
        explain(wild["binary"], columns["binary"], nodes=1)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(wild, columns):
    import tracemalloc

    def peak(times):
        rows = {name: [*values] * times for name, values in columns["binary"].items()}
        tracemalloc.start()
        explain(wild["binary"], rows, background=columns["binary"], nodes=32)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(50) < 1.5 * peak(10)
