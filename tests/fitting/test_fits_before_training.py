"""What a fit has before its first epoch: settings, folds, what is added to outputs."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.fits import fitting_of, request_of

from madaline._models.fitting import Fitting
from madaline._models.fitting.outcome import Outcome
from madaline._models.request import FitRequest
from madaline._race.time.time_request import TimeRequest
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder, RegressionEncoder
from madaline.errors import InputError

RNG = np.random.default_rng(0)
TABLE = Table.from_columns({"x": RNG.normal(size=80), "z": RNG.normal(size=80)})
Y = np.cumsum(RNG.normal(size=80)) + 50


def test_settings_are_those_that_were_given():
    plain = fitting_of(TABLE, Y).request
    assert plain == FitRequest()
    given = fitting_of(
        TABLE, Y, folds=4, effort=3, seed=7, kinds={"z": "dropped"}, keep_rows=9,
        monotone={"x": 1, "z": 0}, members="networks", missing=("?",), source="a.csv",
        file_options=["--sheet=1"], sample_weight=np.ones(80), preset="quick",
    )  # fmt: skip
    assert given.request.to_json() == {
        "effort": 3, "seed": 7, "kinds": {"z": "dropped"}, "folds": 4, "keep_rows": 9,
        "monotone": {"x": 1}, "members": "networks", "missing": ["?"], "source": "a.csv",
        "file_options": ["--sheet=1"], "preset": "quick",
    }  # fmt: skip
    assert FitRequest.from_json(given.request.to_json()) == replace(
        given.request, file_options=("--sheet=1",)
    )
    assert given.roles.given == ("sample_weight",)
    assert given.rows.n_folds == 4
    assert given._kept_rows.n_rows == 9


@pytest.mark.parametrize(
    ("asked", "plain"),
    [
        ({"effort": np.int64(2), "keep_rows": np.int64(9)}, {"effort": 2, "keep_rows": 9}),
        ({"seed": np.int32(3), "folds": np.int64(4)}, {"seed": 3, "folds": 4}),
        ({"time": True, "gap": np.int64(2)}, {"time": True, "gap": 2}),
        ({"time": True, "horizon": np.float32(5)}, {"time": True, "horizon": 5.0}),
    ],
)
def test_numbers_of_numpy_are_plain_in_a_file(asked, plain):
    fitting, expected = fitting_of(TABLE, Y, **asked), request_of(**plain)
    described = json.loads(json.dumps(fitting.request.to_json()))
    assert FitRequest.from_json(described) == expected == fitting.request
    assert repr(fitting.request.arguments) == repr(expected.arguments)
    assert repr(fitting.request.time.arguments) == repr(expected.time.arguments)


def test_differences_are_put_back_column_by_column():
    fitting = fitting_of(TABLE, Y, time=True, lags=[1, 2], horizon=3)
    offset, lagged = fitting.prepared.dataset.offset, fitting.prepared.time.lagged
    assert lagged.anchors is not None
    order = fitting.rows.order
    scale = fitting.target_encoder.scale
    np.testing.assert_allclose(offset.values[:, 0], lagged.anchors[order] / scale, rtol=1e-5)
    assert set(offset.parts) <= set(range(len(fitting.encoder.columns)))
    constant = offset.values - sum(offset.parts.values())
    np.testing.assert_allclose(constant, constant[0, 0], atol=1e-4)
    assert fitting.prepared.steps.tolist() == lagged.made.steps[order].tolist()
    assert fitting.request.time == TimeRequest(True, horizon=3, lags=(1, 2))
    assert fitting.advice == lagged.advice
    with pytest.raises(InputError, match="with lags keeps"):
        fitting_of(TABLE, Y, time=True, lags=[1], keep_rows=5)


def outcome_of(encoder, threshold):
    made = Outcome(SimpleNamespace(target_encoder=encoder), None)
    made.__dict__["threshold"] = threshold
    return made


def test_a_threshold_that_was_chosen_decides():
    classes = ClassEncoder(np.array(["a", "b"], object))
    chosen = outcome_of(classes, SimpleNamespace(threshold=0.2))
    assert chosen.target_encoder.threshold == 0.2
    assert chosen.cut == pytest.approx(np.log(0.25))
    usual = outcome_of(classes, None)
    assert usual.target_encoder is classes
    assert usual.cut == 0
    numbers = RegressionEncoder(0.0, 1.0, 0, 9)
    assert outcome_of(numbers, None).target_encoder is numbers
    assert outcome_of(numbers, None).cut == 0


def test_each_target_of_classes_has_a_temperature():
    made = outcome_of(None, None)
    for temperatures, expected in (([], 1.0), ([2.0], 2.0), ([2.0, 3.0], [2.0, 3.0])):
        made.__dict__["calibrations"] = tuple(
            SimpleNamespace(temperature=one) for one in temperatures
        )
        found = made.temperature
        assert np.array_equal(found, expected)
        assert np.ndim(found) == np.ndim(expected)


def test_members_that_are_pruned_are_told():
    fitting = Fitting.__new__(Fitting)

    def member(key, weight, units):
        network = SimpleNamespace(layers=[])
        return SimpleNamespace(
            key=key, recipe_id=key, name=f"network {key}", weight=weight, units=units,
            network=network,
        )  # fmt: skip

    ensemble = SimpleNamespace(members=[member("1", 0.3, (4,)), member("2", 0.7, (8,))])
    before = SimpleNamespace(members=[member("1", 0.3, (8,)), member("2", 0.7, (8,))])
    fitting.__dict__["outcome"] = SimpleNamespace(
        ensemble=ensemble, pruned=SimpleNamespace(before=before)
    )
    second, first = fitting._members()
    assert [(one.recipe_id, one.weight, one.units) for one in (second, first)] == [
        ("2", 0.7, (8,)),
        ("1", 0.3, (4,)),
    ]
    assert (second.pruned, first.pruned) == (False, True)
