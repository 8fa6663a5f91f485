"""Importances of columns against permuting features, hidden columns by search, and the table."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.race.changed import changed

from madaline._race import importance
from madaline._race.dataset import Offset
from madaline._race.ensemble import Ensemble, EnsembleMember
from madaline._race.importance import (
    Importance,
    Importances,
    Measure,
    _offset_changes,
    _permuted_output,
    _permuted_rows,
    out_of_fold_importances,
    permute_rows,
)
from madaline._tables.media.grids import Grid
from madaline.nn.layers import Linear, ScaledLinear, SiLU
from madaline.nn.losses import BinaryCrossEntropy, Squared
from madaline.nn.network import Network

COLUMNS = (0, 1, 1, 2)
STREAM = 2**32 - 3


@pytest.fixture
def member(make_dataset):
    """A maker of an ensemble's member of random networks, and of a dataset of three columns."""

    def make(gated=True, weight=1.0, seed=0):
        dataset, rng = make_dataset("regression"), np.random.default_rng(seed)
        dataset = changed(dataset, columns={0: COLUMNS, 16: (*COLUMNS, 0, 1, 2)})
        dataset.features[0][:, 3] = np.arange(61) % 20 == 3  # few rows are not zero
        first = ScaledLinear((0, 1, 2, 3), 5) if gated else Linear(4, 5)
        network = Network((first, SiLU(), Linear(5, 1)))
        theta = rng.normal(size=(3, network.layout.size)).astype(np.float32)
        output = np.concatenate(
            [
                network.predict(theta[fold], dataset.features[0][dataset.rows.held_out(fold)])
                for fold in range(3)
            ]
        )
        return EnsembleMember("1", "1", "", 0, network, theta, output, weight), dataset

    return make


def permuted(member, dataset, fold, rows, column, donor):
    """Return the outputs for rows whose features of a column are those of other rows."""
    x = dataset.features[0][rows].copy()
    own = np.array(COLUMNS) == column
    x[:, own] = x[np.ix_(donor, own)]
    return member.network.predict(member.theta[fold], x)


@pytest.mark.parametrize("gated", [True, False])
@pytest.mark.parametrize("most_copied", [0, 1, 4096])
def test_the_first_layer_is_changed_as_by_permuted_features(
    member, gated, most_copied, monkeypatch
):
    monkeypatch.setattr(importance, "_MAX_COPIED", most_copied)
    one, dataset = member(gated)
    rows = np.arange(*dataset.rows.held_out(1).indices(61))
    rng = np.random.default_rng(4)
    donors = np.stack([permute_rows(len(rows), rng) for _ in range(3)])
    found = _permuted_output(one, dataset, 1, rows, donors)
    for column, donor in enumerate(donors):
        expected = permuted(one, dataset, 1, rows, column, donor)
        np.testing.assert_allclose(found[column], expected, rtol=1e-4, atol=1e-5)


def all_rises(ensemble, dataset, seed):
    """Return by how much the squared error of each row rises, for each column."""
    rises = []
    for fold in range(3):
        rows = np.arange(*dataset.rows.held_out(fold).indices(61))
        rng = np.random.default_rng([seed, STREAM, fold])
        donors = [permute_rows(len(rows), rng) for _ in range(3)]
        target, before = dataset.target[rows], ensemble.output[rows]
        of_columns = []
        for column, donor in enumerate(donors):
            after = sum(
                one.weight * permuted(one, dataset, fold, rows, column, donor)
                for one in ensemble.members
            )
            if dataset.offset is not None:
                after = after + dataset.offset.values[rows]
                part = dataset.offset.parts.get(column)
                after = after if part is None else after + part[rows][donor] - part[rows]
            of_columns.append(((after - target) ** 2 - (before - target) ** 2)[:, 0])
        rises.append(np.array(of_columns))
    return np.concatenate(rises, axis=1)


@pytest.mark.parametrize("shifted", [False, True])
def test_importances_are_mean_rises_the_highest_first(member, shifted):
    (one, dataset), (two, _) = member(weight=0.25), member(weight=0.75, seed=1)
    ensemble = Ensemble((one, two))
    if shifted:
        rng = np.random.default_rng(7)
        shift, part = rng.normal(size=(2, 61, 1)).astype(np.float32)
        dataset = replace(dataset, offset=Offset(shift, {1: part}))
        ensemble = Ensemble((one, two), ensemble.output + shift)
    measure = Measure(Squared(), slice(None), "r2", 1.0)
    twice = Measure(Squared(), slice(None), "other", 3.0)
    found, alone, more = out_of_fold_importances(
        ensemble, dataset, "abc", work=0.0, seed=9, measures=[measure, twice]
    )
    rises = all_rises(ensemble, dataset, 9)
    means = rises.mean(axis=1)
    assert [one.name for one in alone] == ["abc"[column] for column in np.argsort(-means)]
    for own, factor in ((alone, 1), (more, 3), (found, 2)):
        for one in own:
            column = "abc".index(one.name)
            assert one.value == pytest.approx(factor * means[column], rel=1e-4)
            error = factor * rises[column].std() * np.sqrt(61) / 60
            assert one.standard_error == pytest.approx(error, rel=1e-3)


def test_classes_are_measured_by_what_their_targets_cost(member):
    one, dataset = member()
    dataset = replace(dataset, target=(dataset.target > 0).astype(np.float32))
    measure = Measure(BinaryCrossEntropy(), slice(None), "log_loss", 1.0)
    found, _ = out_of_fold_importances(
        Ensemble((one,)), dataset, "abc", work=0.0, seed=9, measures=[measure]
    )
    rises = np.zeros((3, 0))
    for fold in range(3):
        rows = np.arange(*dataset.rows.held_out(fold).indices(61))
        rng = np.random.default_rng([9, STREAM, fold])
        donors = [permute_rows(len(rows), rng) for _ in range(3)]
        outputs = [permuted(one, dataset, fold, rows, k, donor) for k, donor in enumerate(donors)]
        sign = 1 - 2 * dataset.target[rows]
        before, *after = (np.log1p(np.exp(sign * o)) for o in (one.output[rows], *outputs))
        rises = np.hstack([rises, np.array([(own - before)[:, 0] for own in after])])
    means = dict(zip("abc", rises.mean(axis=1), strict=True))
    assert {one.name: one.value for one in found} == pytest.approx(means, rel=1e-3)


def test_the_temperature_divides_outputs(member):
    one, dataset = member()
    cold, warm = (
        out_of_fold_importances(
            Ensemble((replace(one, theta=one.theta, output=one.output),)),
            replace(dataset, target=dataset.target / temperature),
            "abc",
            work=0.0,
            seed=9,
            measures=[Measure(Squared(), slice(None), "r2", 1.0)],
            temperature=temperature,
        )[0]
        for temperature in (1.0, 2.0)
    )
    assert [one.name for one in cold] == [one.name for one in warm]
    for before, after in zip(cold, warm, strict=True):
        assert after.value == pytest.approx(before.value / 4, rel=1e-4)


def test_nothing_is_permuted_where_a_grid_is_alone(member):
    one, dataset = member()
    measures = [Measure(Squared(), slice(None), "r2", 1.0)]

    def found(names, **changes):
        own = changed(dataset, **changes)
        return out_of_fold_importances(
            Ensemble((one,)), own, names, work=0.0, seed=0, measures=measures
        )

    assert found("a", grids=(Grid(0, 4, (2, 2)),)) == ((), ())
    assert found("a", patterns=((0, 4),)) == ((), ())
    assert len(found("ab", patterns=((0, 4),))[0]) == 2
    assert len(found("a")[0]) == 1


def test_what_is_added_to_outputs_changes_with_its_column():
    part = np.arange(61.0)[:, None]
    offset = Offset(part, {2: part})
    rows, donors = np.array([3, 10, 40]), np.array([[0, 1, 2], [1, 2, 0], [2, 0, 1]])
    found = _offset_changes(offset, rows, donors)
    assert found.shape == (3, 3, 1)
    np.testing.assert_array_equal(found[2, :, 0], [37, -7, -30])
    assert not found[:2].any()


@pytest.mark.parametrize(
    ("work", "rows"), [(0.0, 200), (199.9, 200), (400.0, 400), (2500.0, 2000), (1e9, 2000)]
)
def test_rows_to_permute_are_as_many_as_work_pays_within_bounds(monkeypatch, work, rows):
    asked = []

    def spread(n_rows):
        asked.append(n_rows)
        return [np.arange(2), np.arange(1), np.arange(0), np.arange(5)]

    monkeypatch.setattr(importance, "_permutation_work", lambda *_: 1.0)
    dataset = SimpleNamespace(rows=SimpleNamespace(spread=spread))
    assert list(_permuted_rows(None, dataset, 3, work)) == [0, 3]
    assert asked == [rows]


def test_an_effect_is_clear_beyond_two_standard_errors():
    assert Importance(("a",), "r2", 0.201, 0.1).clear
    assert not Importance(("a",), "r2", 0.2, 0.1).clear


def test_the_table_of_importances_shows_the_first_and_which_are_unclear():
    items = [Importance((f"x{k}",), "log_loss", 0.5 - 0.02 * k, 0.02) for k in range(25)]
    html = Importances(items)._repr_html_()
    rows = re.findall(r"<tr(.*?)>(.*?)</tr>", html)[1:]
    assert len(rows) == 20
    assert "x19" in html
    assert "x20" not in html
    assert "log loss worse by" in html
    assert "5 " in html[html.rindex("</table>") :]
    rows = re.findall(r"<tr(.*?)>(.*?)</tr>", Importances(items[19:])._repr_html_())[1:]
    assert ["unclear" in row for row, _ in rows] == [False] * 4 + [True] * 2
    assert ["no clear effect" in cells for _, cells in rows] == [False] * 4 + [True] * 2
    assert "0.120 ± 0.020" in rows[0][1]
    assert '<td class="right">' in rows[0][1]
    whisker = re.search(r'path class="whisker" d="M([\d.]+) 7H([\d.]+)"', rows[0][1])
    assert float(whisker[2]) == 120  # the longest ends at the edge: 0.12 and two errors
    assert float(whisker[1]) == pytest.approx(120 * 0.08 / 0.16, abs=0.1)
    assert Importances(items).to_columns()["standard_error"] == [0.02] * 25
    nothing = Importances([Importance(("a",), "r2", 0.0, 0.0)])._repr_html_()
    assert "no clear effect" in nothing
    assert "worse by" in Importances([])._repr_html_()


def test_outputs_of_folds_are_those_of_their_networks(member):
    one, dataset = member()
    ensemble, rows = Ensemble((one,)), np.concatenate(dataset.rows.spread(2000))
    found = ensemble.fold_outputs(dataset)
    expected = [ensemble.predict(dataset, fold, rows) for fold in range(3)]
    np.testing.assert_array_equal(found.outputs, expected)
    cooler = ensemble.fold_outputs(dataset, temperature=2.0)
    np.testing.assert_array_equal(cooler.outputs, np.array(expected) / 2)
