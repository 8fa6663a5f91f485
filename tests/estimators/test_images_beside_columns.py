"""An image in each row beside numbers and categories: networks of two branches, joined."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from madaline import AdaptiveClassifier, load
from madaline._race.architecture import build_network
from madaline._race.features import NetworkInputs
from madaline._race.planning import TableFacts, make_plan
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.media.grids import Grid
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline.errors import ImagesChangedWarning, InputError, NothingLearnedWarning
from madaline.nn.layers import Branches

N_TRAIN = 300
FACE = (Grid(0, 64, (8, 8)),)


@pytest.fixture(scope="module")
def cards():
    """Cards with a digit, a number and a town; the answer depends on all three."""
    X, y = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(X))[:450]
    size, town = rng.normal(size=450), rng.choice(["Bonn", "Kiel", "Ulm"], 450)
    answer = y[order] + 2.5 * size + np.select([town == "Bonn", town == "Ulm"], [-2, 2]) > 5
    images = X[order].reshape(-1, 8, 8)
    return pd.DataFrame({"size": size, "face": list(images), "town": town}), answer


@pytest.fixture(scope="module")
def fitted(cards):
    X, y = cards
    return AdaptiveClassifier(effort=12, random_state=0).fit(X[:N_TRAIN], y[:N_TRAIN])


def test_both_branches_are_used(fitted, cards):
    X, y = cards
    assert fitted.score(X[N_TRAIN:], y[N_TRAIN:]) > 0.8  # size alone: 0.75
    joined = [
        part.network
        for part in fitted.model_.predictor.parts
        if isinstance(part.network.layers[0], Branches)
    ]
    assert joined
    assert {one.name for one in fitted.importances_ if one.clear} >= {"face", "size"}
    assert fitted.model_.schema["face"].kind == "image"


def test_a_saved_model_predicts_the_same_bits(fitted, cards, tmp_path):
    rows = cards[0][N_TRAIN : N_TRAIN + 20]
    X = {name: rows[name].tolist() for name in rows}
    fitted.save(tmp_path / "cards.madaline")
    expected = fitted.predict_proba(rows)
    again = load(tmp_path / "cards.madaline")
    np.testing.assert_array_equal(again.predict_proba(X), expected)
    one = {name: values[3:4] for name, values in X.items()}
    np.testing.assert_allclose(again.predict_proba(one), expected[3:4], atol=1e-5)
    row = {name: values[3] for name, values in X.items()}  # an image beside single values
    np.testing.assert_array_equal(again.predict_proba(row), again.predict_proba(one))


@pytest.mark.parametrize("method", ["expected", "integrated"])
def test_columns_and_places_add_up(fitted, cards, method):
    X = cards[0]
    found = fitted.explain(X[N_TRAIN : N_TRAIN + 3], background=X[:20], method=method)
    allowed = 1e-4 * np.maximum(1, np.abs(found.output - found.base))
    assert np.all(np.abs(found.remaining) <= allowed)
    face = found.columns.index("face")
    np.testing.assert_allclose(
        found.maps["face"].sum(axis=(1, 2)), found.attributions[:, face], rtol=1e-6
    )


def test_what_is_asked_of_columns_is_answered_beside_images(fitted, cards):
    X, y = cards
    assert fitted.effects(X[:100], "size").column == "size"
    report = fitted.report_data(X[:60], y[:60])["rows"]
    assert {one["column"] for one in report["effects"]} <= {"size", "town"}
    assert [one["name"] for one in report["explanations"][0]["maps"]] == ["face"]
    assert "face" not in str(fitted.counterfactuals(X[:1])[0])


def test_the_race_is_of_joined_networks_and_plain_ones():
    widths = {0: 70, 16: 102, 64: 198}
    names = [
        one.name
        for one in make_plan(TableFacts(500, widths, grids=FACE, beside=True), epochs=9).recipes
    ]
    assert len(names) == len(set(names)) == 7
    assert sum("convolutions" in name for name in names) == 4
    assert sum("16 bins" in name for name in names) == 3
    without_numbers = dict.fromkeys(widths, 70)
    assert (
        len(make_plan(TableFacts(500, without_numbers, grids=FACE, beside=True), epochs=9).recipes)
        == 3
    )


@pytest.mark.parametrize("order", [("face", "size"), ("size", "face"), ("size", "face", "age")])
def test_a_branch_sees_the_image_and_the_other_the_rest(order):
    rng = np.random.default_rng(0)
    columns = {
        "face": rng.integers(0, 255, (40, 8, 8), np.uint8),
        "size": rng.normal(size=40),
        "age": rng.normal(size=40),
    }
    table = Table.from_columns({name: columns[name] for name in order})
    encoder = TableEncoder.fit(table, Schema.infer(table), n_bins=(0, 16))
    recipe = make_plan(
        TableFacts(500, {0: 66, 16: 98, 64: 98}, grids=FACE, beside=True), epochs=9
    ).recipes[2]  # 16 bins
    layer = build_network(recipe, NetworkInputs.of(encoder, [16]), 1).layers[0]
    ((picture,), others) = layer.spans
    names = np.array(encoder.feature_names(16))
    assert all(name.startswith("face ") for name in names[slice(*picture)])
    seen = np.concatenate([names[slice(*span)] for span in others])
    assert len(seen) + 64 == len(names)
    assert not any(name.startswith("face ") for name in seen)


def test_paths_of_images_are_opened(cards, tmp_path):
    Image = pytest.importorskip("PIL.Image", reason="Pillow reads image files")
    X, y = cards
    paths = []
    for row, face in enumerate(X["face"][:80]):
        paths.append(str(tmp_path / f"{row}.png"))
        Image.fromarray((face * 15).astype(np.uint8)).save(paths[-1])
    Image.new("RGB", (30, 20), "red").save(paths[7])
    paths[5] = None
    table = pd.DataFrame({"size": X["size"][:80], "face": paths})
    model = AdaptiveClassifier(effort=2, random_state=0)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("ignore", NothingLearnedWarning)  # of so few rows
        warnings.simplefilter("always", ImagesChangedWarning)
        model.fit(table, y[:80])
    words = " ".join(str(one.message) for one in told)
    assert "Column face: 1 of 79 images were resized to 8 x 8 pixels, color." in words
    assert "Column face: 1 row has no image" in words
    assert model.predict(table[:10]).shape == (10,)
    absent = pd.DataFrame({"size": [1.0], "face": ["nowhere.png"]})
    with pytest.raises(InputError, match=r"Column face: nowhere.png cannot be read as an image"):
        model.predict(absent)
    assert model.explain(table[:2]).maps["face"].shape == (2, 8, 8)
