"""What is written can be read again, whatever a table holds, or is refused and nothing changes."""

from __future__ import annotations

import json
import os
import sys
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fits import fitting_of

from madaline import AdaptiveClassifier, AdaptiveRegressor, load
from madaline._apps.cli import main
from madaline._models.model import FittedModel
from madaline._race.evaluation.objective import Objective
from madaline._tables.io.tensor_file import MODEL, write_tensor_file
from madaline._tables.io.tensor_header import MAX_HEADER
from madaline._tables.table import Table
from madaline.errors import InputError, MadalineError

pytestmark = pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")

HALF = "\ud800"
"""Half of a pair of UTF-16, which UTF-8 cannot hold."""


def table(**columns):
    """Return forty rows of two columns, or of others, and labels that depend on the first."""
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal(40)
    made = {"a": numbers, "c": rng.choice(["red", "blue"], 40).astype(object)}
    return made | columns, np.where(numbers > 0, "yes", "no").astype(object)


def with_cell(column, cell, row=7):
    """Return the column with another value in a row."""
    changed = column.copy()
    changed[row] = cell
    return changed


def classifier(**arguments):
    return AdaptiveClassifier(**({"effort": 1, "random_state": 0, "n_jobs": 1} | arguments))


def regressor(**arguments):
    return AdaptiveRegressor(**({"effort": 1, "random_state": 0, "n_jobs": 1} | arguments))


def fitted(columns, target, **arguments):
    """Return the model of a short fit."""
    fitting = fitting_of(Table.from_columns(columns), target, **({"effort": 1} | arguments))
    list(fitting)
    return fitting.model()


def check_reading(model, X, path):
    """Save and load a model: it predicts the same."""
    model.save(path)
    loaded, expected = load(path), model.predict(X)
    predicted = loaded.predict(X)
    np.testing.assert_array_equal(predicted, expected)
    assert predicted.dtype.kind == expected.dtype.kind
    assert str(loaded.model_.story())


LONG = "x" * 100_001


@pytest.mark.parametrize("kind", ["category", "text"])
def test_a_long_level_or_word_is_kept(tmp_path, kind):
    X, y = table()
    X["c"] = with_cell(X["c"], LONG)
    check_reading(classifier(kinds={"c": kind}, keep_rows=40).fit(X, y), X, tmp_path / "m")


def test_the_file_of_a_long_level_tells_of_a_new_table(tmp_path):
    X, y = table()
    X["c"] = with_cell(X["c"], LONG)
    classifier().fit(X, y).save(tmp_path / "m")
    assert not load(tmp_path / "m").model_.diagnose(X)


def test_long_classes_are_kept(tmp_path):
    X, y = table()
    check_reading(classifier().fit(X, np.where(y == "yes", "x" * 99_990, y)), X, tmp_path / "m")
    check_reading(classifier().fit(X, np.where(y == "yes", LONG, y)), X, tmp_path / "m")


def test_a_finding_about_a_long_class_is_cut(tmp_path):
    X, y = table()
    y = np.where(np.random.default_rng(1).random(40) < 0.5, y, "z" * 99_990)
    model = classifier().fit(X, y)
    subjects = [finding.subject for finding in model.diagnosis_]
    assert max(map(len, subjects), default=0) <= 1000
    check_reading(model, X, tmp_path / "m")


REFUSED = {
    "half in a level": ({"c": with_cell(table()[0]["c"], HALF)}, "Column 'c' .* UTF-8"),
    "half in a name": ({HALF: table()[0]["a"]}, r"Column '\\ud800' cannot be learned"),
    "long name": ({"n" * 100_001: table()[0]["a"]}, r"Column 'nn.*text of at most 100,000"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_file_can_hold_is_refused_before_anything_is_learned(case, monkeypatch):
    columns, message = REFUSED[case]
    X, y = table(**columns)
    monkeypatch.setattr("madaline._models.fitting.training.TrainingRun.__iter__", None)
    with pytest.raises(InputError, match=message) as caught:
        classifier().fit(X, y)
    assert len(str(caught.value)) < 400


def test_half_a_pair_in_a_word_is_refused():
    X, y = table()
    X["c"] = np.array([f"word number {row} {HALF}" for row in range(40)], object)
    with pytest.raises(InputError, match=r"Column 'c' cannot be learned from.*UTF-8"):
        classifier(kinds={"c": "text"}).fit(X, y)


@pytest.mark.parametrize("label", [HALF, "x" * (2**20 + 1)])
def test_a_class_that_no_file_can_hold_is_refused(label):
    X, y = table()
    with pytest.raises(InputError, match="The target cannot be learned"):
        classifier().fit(X, np.where(y == "yes", label, y))


def test_half_a_pair_in_the_name_of_a_target_is_refused():
    pandas = pytest.importorskip("pandas")
    X, y = table()
    with pytest.raises(InputError, match=r"The target '\\ud800' cannot be learned.*rename it"):
        classifier().fit(pandas.DataFrame(X), pandas.Series(y, name=HALF))


@pytest.mark.parametrize(
    "labels",
    [
        np.array([2**64 - 1, 0], np.uint64),
        np.array([2**63 + 5, 2**63 + 6], np.uint64),
        np.array([7 * 10**18, 17 * 10**18], np.uint64),
        np.array([-(2**63), 2**63 - 1]),
        np.array([2**64 - 1, -1], object),
        np.array([1, 2], ">i8"),
        np.array(["a", "b"], ">U1"),
        np.array([0.5, 1.5], np.longdouble),
        np.array([0.5, 1.5], np.float16),
        np.array([b"a", b"b"]),
        np.array(["2020-01-01", "2021-01-01"], "M8[D]"),
        np.array([True, False]),
        np.array(["", "b"]),
        np.array([1, "a"], object),
    ],
    ids=lambda labels: f"{labels.dtype}-{labels[0]}",
)
def test_labels_of_all_types_are_kept(labels, tmp_path):
    X, y = table()
    model = fitted(X, labels[(y == "yes").astype(int)], task="classification")
    check_reading(model, X, tmp_path / "m")


@pytest.mark.parametrize("size", [1e-300, 1e-30, 1e30, 1e149])
def test_numbers_of_any_size_are_learned(size, tmp_path):
    X, _ = table()
    model = regressor().fit(X, X["a"] * size)
    check_reading(model, X, tmp_path / "m")
    assert np.isfinite(load(tmp_path / "m").predict(X)).all()


@pytest.mark.parametrize("size", [1e151, 1e307, 1.5e308])
def test_numbers_that_networks_cannot_learn_are_refused(size):
    X, _ = table()
    y = np.sign(X["a"]) * size
    with pytest.raises(InputError, match=r"The target holds .* networks learn numbers up to"):
        regressor().fit(X, y)


@pytest.mark.parametrize(("largest", "smallest"), [(1e308, 1.0), (1.0, 1e-40), (1e-150, 1e-150)])
def test_weights_that_overflow_are_refused(largest, smallest):
    X, y = table()
    weight = with_cell(np.full(40, smallest), largest)
    with pytest.raises(InputError, match="sample_weight is from"):
        classifier().fit(X, y, sample_weight=weight)


@pytest.mark.parametrize("size", [1e100, 1e-99])
def test_weights_of_any_size_count_by_their_ratio(size, tmp_path):
    X, y = table()
    weight = size * np.linspace(0.5, 1, 40)
    check_reading(classifier().fit(X, y, sample_weight=weight), X, tmp_path / "m")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": "quantile", "quantile": 1e-12}, "quantile is 1e-12: give a number between"),
        ({"loss": "quantile", "quantile": [1e-12, 0.5]}, "quantile is .*ascending"),
        ({"effort": 2**54}, "effort is 18014398509481984: give"),
    ],
)
def test_settings_that_no_file_can_hold_are_refused(arguments, message):
    X, _ = table()
    with pytest.raises(InputError, match=message):
        regressor(**arguments).fit(X, X["a"])


@pytest.mark.parametrize(
    "arguments", [{"class_weight": {"yes": 1e308, "no": 1.0}}, {"costs": [[0, 1e308], [1, 0]]}]
)
def test_factors_that_overflow_are_refused(arguments):
    X, y = table()
    with pytest.raises(InputError, match=r"class_weight|costs"):
        classifier(**arguments).fit(X, y)


@pytest.mark.parametrize(
    "labels", [np.array([2**64 - 1, 0], np.uint64), np.array(["no", "yes"]), np.array([0.5, 1.5])]
)
def test_weights_of_classes_are_kept(labels, tmp_path):
    X, y = table()
    weights = dict(zip(labels.tolist(), [2.0, 1e-9], strict=True)) | {date(2024, 1, 2): 1.0}
    wanted = Objective(class_weight=weights)
    model = fitted(X, labels[(y == "yes").astype(int)], task="classification", objective=wanted)
    check_reading(model, X, tmp_path / "m")


def test_quantiles_of_many_levels_are_kept(tmp_path) -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 120, 600)
    X = {"code": np.array([f"c{code}" for code in codes], object), "size": rng.normal(size=600)}
    model = regressor(loss="quantile", quantile=(0.1, 0.9), kinds={"code": "category"})
    model.fit(X, codes / 10 + X["size"])
    assert model._model().predictor.encoder.encoders[0].means is not None
    model.save(tmp_path / "model.madaline")
    again = load(tmp_path / "model.madaline")
    assert np.array_equal(again.predict(X), model.predict(X))


@pytest.mark.slow
def test_levels_that_need_more_than_a_file_holds_are_refused():
    levels = np.array([f"{number:04}" + "y" * 2_500 for number in range(4_000)], object)
    column = levels[np.arange(8_000) % 4_000]
    X = {f"c{number}": column for number in range(8)} | {"a": np.arange(8_000.0)}
    kinds = dict.fromkeys([name for name in X if name != "a"], "category")
    with pytest.raises(InputError, match=r"cannot be learned from, as .*MB .* of 67\.1 MB.*leave"):
        classifier(kinds=kinds).fit(X, X["a"] % 7 > 3)


def test_an_update_stands_on_what_can_be_read(tmp_path):
    X, y = table()
    path = tmp_path / "m"
    classifier(keep_rows=40).fit(X, y).save(path)
    before, model = path.read_bytes(), load(path)
    for bad in (X | {"c": with_cell(X["c"], HALF)},):
        with pytest.raises(InputError, match="column 'c' are not kept"):
            model.update(bad, y)
        model.save(path)
        assert path.read_bytes() == before
    model.update(X | {"c": with_cell(X["c"], LONG)}, y)
    check_reading(model, X, path)


@pytest.mark.parametrize("label", [1e300, 1e20])
def test_an_update_with_a_wild_label_is_refused(tmp_path, label):
    X, _ = table()
    path = tmp_path / "m"
    regressor(keep_rows=40).fit(X, X["a"]).save(path)
    before, model = path.read_bytes(), load(path)
    with pytest.raises(InputError, match=r"The target holds 1e\+.* in row 7"):
        model.update(X, with_cell(X["a"], label))
    model.save(path)
    assert path.read_bytes() == before


def test_what_could_not_be_read_is_not_written(fittings, tmp_path):
    path = tmp_path / "m"
    model = fittings["binary"][0].model()
    model.save(path)
    before = path.read_bytes()
    object.__setattr__(model.summary, "target", HALF)
    try:
        with pytest.raises(InputError, match=r"m is not written, as no file can hold it .*target"):
            model.save(path)
    finally:
        object.__setattr__(model.summary, "target", "target")
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["m"]


def test_a_header_that_is_too_long_is_not_written(tmp_path, monkeypatch):
    path = tmp_path / "m"
    write_tensor_file(path, MODEL, {"a": 1}, {}, check=lambda *_: None)
    before = path.read_bytes()
    monkeypatch.setattr("madaline._tables.io.tensor_header.MAX_HEADER", 2**12)
    with pytest.raises(InputError, match="needs 8 kB for names and levels, of 4 kB"):
        write_tensor_file(path, MODEL, {"a": "x" * 8_000}, {}, check=lambda *_: None)
    with pytest.raises(InputError, match="lists within each other"):
        write_tensor_file(
            path, MODEL, {"a": json.loads("[" * 40 + "]" * 40)}, {}, check=lambda *_: None
        )
    assert path.read_bytes() == before


@pytest.mark.slow
def test_a_wide_table_is_read_again(tmp_path):
    # The header grows by some 1,970 bytes for each column of numbers.
    X = np.random.default_rng(0).standard_normal((20, 600))
    classifier().fit(X, X[:, 0] > 0).save(tmp_path / "m")
    content = (tmp_path / "m").read_bytes()
    assert int.from_bytes(content[:8], "little") / 600 * 25_000 < MAX_HEADER
    load(tmp_path / "m")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_table_may_have_a_name_of_any_bytes(tmp_path, monkeypatch):
    X, y = table()
    lines = [f"{a},{c},{label}\n" for a, c, label in zip(X["a"], X["c"], y, strict=True)]
    name = b"gr\xf6\xdfe.csv".decode("utf-8", "surrogateescape")
    (tmp_path / name).write_text("".join(["a,c,y\n", *lines]))
    monkeypatch.chdir(tmp_path)
    fit = ["fit", name, "--target", "y", "-o", "m", "--effort", "1", "-q"]
    assert main(fit) == 0
    assert FittedModel.load("m").summary.request.source == r"gr\xf6\xdfe.csv"
    for command in (["info", "m"], ["info", "m", "--json"], ["report", "m"], ["card", "m"]):
        assert main(command) == 0, command


def test_an_update_in_place_that_is_refused_leaves_the_file(tmp_path, monkeypatch, capsys):
    X, _ = table()
    monkeypatch.chdir(tmp_path)
    for name, wild in (("old", X["a"][7]), ("new", 1e300)):
        y = with_cell(X["a"], wild)
        lines = [f"{a},{c},{label}\n" for a, c, label in zip(X["a"], X["c"], y, strict=True)]
        (tmp_path / f"{name}.csv").write_text("".join(["a,c,y\n", *lines]))
    assert main(["fit", "old.csv", "--target", "y", "-o", "m", "--effort", "1", "-q"]) == 0
    before = (tmp_path / "m").read_bytes()
    assert main(["update", "m", "new.csv", "-o", "m", "-q"]) == 2
    assert "The target holds 1e+300 in row 7" in capsys.readouterr().err
    assert (tmp_path / "m").read_bytes() == before


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_folder_of_images_may_have_names_of_any_bytes(tmp_path):
    pillow = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    for number in range(24):
        name = [b"gr\xf6n", b"rot"][number % 2].decode("utf-8", "surrogateescape")
        (tmp_path / "of" / name).mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 255, (8, 8), np.uint8)
        pillow.fromarray(pixels).save(tmp_path / "of" / name / f"{number}.png")
    folder, model = str(tmp_path / "of"), str(tmp_path / "m")
    assert main(["fit", folder, "-o", model, "--effort", "1", "-q"]) == 0
    assert load(model).classes_.tolist() == [r"gr\xf6n", "rot"]
    assert main(["predict", model, folder, "-o", str(tmp_path / "p.csv")]) == 0
    assert r"gr\xf6n/0.png" in (tmp_path / "p.csv").read_text()


LEVELS = st.text(st.characters(codec=None), max_size=6) | st.sampled_from([HALF, "", "\0", LONG])
NAMES = st.text(st.characters(codec=None), min_size=1, max_size=4) | st.sampled_from([HALF])
LABELS = st.one_of(
    st.sampled_from(["U3", "O", "i1", "<u8", ">i4", "f2", "f8", "?"]).map(
        lambda dtype: np.array([0, 1]).astype(dtype)
    ),
    st.lists(st.integers(0, 2**64 - 1), min_size=2, max_size=2, unique=True).map(
        lambda two: np.array(two, np.uint64)
    ),
    st.lists(LEVELS, min_size=2, max_size=2, unique=True).map(lambda two: np.array(two, object)),
    st.lists(
        st.one_of(st.integers(), st.floats(allow_nan=False), st.booleans(), LEVELS),
        min_size=2,
        max_size=2,
        unique_by=str,
    ).map(lambda two: np.array([*two, None], object)[:2]),
)
NUMBERS = st.lists(st.floats(allow_nan=False), min_size=12, max_size=12, unique=True)


@settings(max_examples=25)
@given(
    name=NAMES,
    levels=st.lists(LEVELS, min_size=2, max_size=4, unique=True),
    target=LABELS | NUMBERS,
    weights=st.none() | st.lists(st.floats(0, allow_infinity=False), min_size=12, max_size=12),
    keep_rows=st.sampled_from([0, 5]),
    kind=st.sampled_from(["category", "text", None]),
)
def test_every_model_is_read_again_or_refused(
    tmp_path_factory, name, levels, target, weights, keep_rows, kind
):
    path = tmp_path_factory.getbasetemp() / "any.madaline"
    path.write_bytes(b"before")
    levels = np.array([*levels, None], object)[:-1]
    X = {"a": np.arange(12.0) % 5, name: levels[np.arange(12) % len(levels)]}
    kinds = None if kind is None or name == "a" else {name: kind}
    task, y = "regression", np.array(target)
    if isinstance(target, np.ndarray):
        task, y = "classification", target[np.arange(12) % 5 // 3]
    weight = None if weights is None else np.array(weights)
    try:
        model = fitted(X, y, task=task, kinds=kinds, keep_rows=keep_rows, sample_weight=weight)
    except MadalineError as error:
        sentence = str(error)
        assert len(sentence) < 600
        assert path.read_bytes() == b"before"
    else:
        check_reading(model, X, path)
