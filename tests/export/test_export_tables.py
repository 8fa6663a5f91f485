"""Exported models of tables predict what `predict` does, with gaps of every kind."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from running import changed, exported, onnx, session_of

from madaline._apps.export import onnx_feed, write_onnx
from madaline._tables.formats.number_format import NumberFormat
from madaline._tables.target.encoders import ClassEncoder, CountEncoder
from madaline.errors import InputError
from madaline.nn.losses import Poisson

CLASSIFICATIONS = ("binary", "multiclass")


@pytest.fixture
def rows(make_columns):
    """Rows that the models have not seen, and below them gaps of every kind."""
    columns, _ = make_columns("binary", 60, seed=5)
    gaps = {
        "width": [np.nan, None, 1e300, -1e300, 0.0],
        "length": [None, 1.0, np.nan, 5e8, -0.0],
        "count": [None, 3, np.nan, 2.5, 100],
        "city": [None, "never seen", "", " ", "Kiel"],
        "checked": [None, True, False, None, True],
        "day": np.array(["NaT", "1969-12-31", "2000-02-29", "9999-12-31", "0001-01-01"], "M8[D]"),
        "note": [None] * 5,
    }
    return {name: [*list(values), *gaps[name]] for name, values in columns.items()}


def model_of(fittings, task):
    return fittings[task][0].model()


@pytest.mark.parametrize("task", CLASSIFICATIONS)
def test_labels_and_probabilities(task, fittings, rows, tmp_path) -> None:
    model = model_of(fittings, task)
    labels, probabilities = exported(model, tmp_path / "model.onnx", rows)
    assert labels.tolist() == model.predict(rows).tolist()
    np.testing.assert_allclose(probabilities, model.predict_proba(rows), rtol=0, atol=1e-6)


def test_numbers(fittings, rows, tmp_path) -> None:
    model = model_of(fittings, "regression")
    (numbers,) = exported(model, tmp_path / "model.onnx", rows)
    np.testing.assert_allclose(numbers, model.predict(rows), rtol=1e-6)


def test_numbers_may_enter_as_float32(fittings, rows, tmp_path) -> None:
    model, path = model_of(fittings, "binary"), tmp_path / "model.onnx"
    proto = write_onnx(model, path, float32=True)
    types = {one.name: one.type.tensor_type.elem_type for one in proto.graph.input}
    number, moment, text = (
        getattr(onnx.TensorProto, name) for name in ("FLOAT", "DOUBLE", "STRING")
    )
    assert types == dict.fromkeys(["width", "length", "count", "checked"], number) | {
        "city": text,
        "day": moment,
    }
    _, probabilities = session_of(path).run(None, onnx_feed(model.predictor, rows, float32=True))
    np.testing.assert_allclose(probabilities, model.predict_proba(rows), rtol=0, atol=1e-5)


@pytest.mark.parametrize("n_rows", [1, 7])
def test_any_number_of_rows(n_rows, fittings, rows, tmp_path) -> None:
    model = model_of(fittings, "binary")
    some = {name: values[:n_rows] for name, values in rows.items()}
    labels, probabilities = exported(model, tmp_path / "model.onnx", some)
    assert labels.shape == (n_rows,)
    np.testing.assert_allclose(probabilities, model.predict_proba(some), rtol=0, atol=1e-6)


@pytest.mark.parametrize("threshold", [0.1, 0.9])
def test_the_threshold_decides_about_labels(threshold, fittings, rows, tmp_path) -> None:
    model = model_of(fittings, "binary")
    encoder = replace(model.predictor.target_encoder, threshold=threshold)
    tuned = changed(model, target_encoder=encoder)
    labels, _ = exported(tuned, tmp_path / "model.onnx", rows)
    assert labels.tolist() == tuned.predict(rows).tolist() != model.predict(rows).tolist()


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_the_temperature_softens_probabilities(temperature, fittings, rows, tmp_path) -> None:
    model = changed(model_of(fittings, "multiclass"), temperature=temperature)
    _, probabilities = exported(model, tmp_path / "model.onnx", rows)
    np.testing.assert_allclose(probabilities, model.predict_proba(rows), rtol=0, atol=1e-6)


@pytest.mark.parametrize("high", [5.0, 1e20])
def test_counts_are_predicted_as_exponentials(high, fittings, rows, tmp_path) -> None:
    encoder = CountEncoder(scale=2.0, low=0.0, high=high)
    model = changed(model_of(fittings, "regression"), loss=Poisson(), target_encoder=encoder)
    (numbers,) = exported(model, tmp_path / "model.onnx", rows)
    np.testing.assert_allclose(numbers, model.predict(rows), rtol=2e-6)


@pytest.mark.parametrize(
    ("classes", "kind"),
    [
        (np.array(["no", "yes"]), "O"),
        (np.array([3, 5]), "i"),
        (np.array([3, 5], np.uint8), "i"),
        (np.array([False, True]), "b"),
        (np.array([0.5, 1.5]), "f"),
    ],
)
def test_labels_keep_their_type(classes, kind, fittings, rows, tmp_path) -> None:
    model = changed(model_of(fittings, "binary"), target_encoder=ClassEncoder(classes))
    labels, _ = exported(model, tmp_path / "model.onnx", rows)
    assert labels.dtype.kind == kind
    assert labels.tolist() == model.predict(rows).tolist()


def test_labels_of_several_types_become_text(fittings, rows, tmp_path) -> None:
    classes = np.array([1, "many"], dtype=object)
    model = changed(model_of(fittings, "binary"), target_encoder=ClassEncoder(classes))
    labels, _ = exported(model, tmp_path / "model.onnx", rows)
    assert labels.tolist() == [str(label) for label in model.predict(rows)]


def test_the_file_tells_how_to_fill_it(fittings, tmp_path) -> None:
    model, path = model_of(fittings, "binary"), tmp_path / "model.onnx"
    write_onnx(model, path)
    facts = session_of(path).get_modelmeta().custom_metadata_map
    inputs = {one["input"]: one for one in json.loads(facts["inputs"])}
    assert facts["madaline"] == model.version
    assert facts["target"] == "target"
    assert json.loads(facts["classes"]) == ["no", "yes"]
    assert facts["threshold"] == "0.5"
    assert inputs["city"]["missing"] == ""
    assert inputs["day"]["values"].startswith("seconds since 1970-01-01")
    assert "None" in facts["missing"]
    assert {one.name for one in session_of(path).get_inputs()} == inputs.keys()


def test_the_same_model_is_the_same_file(fittings, tmp_path) -> None:
    for name in ("one.onnx", "two.onnx"):
        write_onnx(model_of(fittings, "binary"), tmp_path / name)
    assert (tmp_path / "one.onnx").read_bytes() == (tmp_path / "two.onnx").read_bytes()


def test_only_standard_operators(fittings, tmp_path) -> None:
    proto = write_onnx(model_of(fittings, "multiclass"), tmp_path / "model.onnx")
    assert {one.domain: one.version for one in proto.opset_import} == {"": 18, "ai.onnx.ml": 3}
    assert {node.domain for node in proto.graph.node} <= {"", "ai.onnx.ml"}
    onnx.checker.check_model(onnx.load(tmp_path / "model.onnx"), full_check=True)


def test_nodes_have_names_of_their_own(fittings, tmp_path) -> None:
    """ONNX Runtime 1.20 names nodes that it fuses after them, and refuses names that repeat."""
    proto = write_onnx(model_of(fittings, "multiclass"), tmp_path / "model.onnx")
    names = [node.name for node in proto.graph.node]
    assert all(names)
    assert len(set(names)) == len(names)


def test_no_rows(fittings, rows, tmp_path) -> None:
    path = tmp_path / "model.onnx"
    model = model_of(fittings, "multiclass")
    write_onnx(model, path)
    feed = onnx_feed(model.predictor, {name: values[:1] for name, values in rows.items()})
    labels, probabilities = session_of(path).run(None, {name: x[:0] for name, x in feed.items()})
    assert (labels.shape, probabilities.shape) == ((0,), (0, 3))


def test_no_transposition_is_joined_to_a_product(fittings, tmp_path) -> None:
    """ONNX Runtime joins them where the first axis goes last but one; up to 1.31 no rows end it."""
    nodes = write_onnx(model_of(fittings, "multiclass"), tmp_path / "model.onnx").graph.node
    turned = {
        node.output[0]: node.attribute[0].ints for node in nodes if node.op_type == "Transpose"
    }
    given = [name for node in nodes if node.op_type == "MatMul" for name in node.input]
    orders = [list(turned[name]) for name in given if name in turned]
    assert orders
    for order in orders:
        n_axes = len(order)
        assert order != [*range(1, n_axes - 1), 0, n_axes - 1]
        assert order != [*range(n_axes - 2), n_axes - 1, n_axes - 2]


def test_the_feed_refuses_what_predict_refuses(fittings, rows) -> None:
    predictor = model_of(fittings, "binary").predictor
    rows["width"][0] = float("inf")
    with pytest.raises(InputError, match="infinity"):
        onnx_feed(predictor, rows)
    del rows["width"]
    with pytest.raises(InputError, match="lacks a column that the model needs: 'width'"):
        onnx_feed(predictor, rows)


def test_the_feed_takes_one_row_as_a_dictionary(fittings) -> None:
    row = {"width": 1.5, "length": None, "count": 3, "city": None, "checked": True}
    day = np.datetime64("1970-01-02T00:00:01")
    feed = onnx_feed(model_of(fittings, "binary").predictor, row | {"day": day})
    assert {name: values.tolist() for name, values in feed.items() if name != "length"} == {
        "width": [[1.5]],
        "count": [[3.0]],
        "city": [[""]],
        "checked": [[1.0]],
        "day": [[86401.0]],
    }
    assert np.isnan(feed["length"]).all()


def test_strange_names(fittings, make_columns, tmp_path) -> None:
    model, names = model_of(fittings, "binary"), ["", "label", "constant_1", "column", "MatMul_9"]
    encoders = model.predictor.encoder.encoders
    named = [replace(one, name=name) for one, name in zip(encoders, names, strict=False)]
    encoder = replace(model.predictor.encoder, encoders=(*named, *encoders[len(names) :]))
    columns, _ = make_columns("binary", 20, seed=3)
    renamed = {
        one.name: columns[old.name] for old, one in zip(encoders, encoder.encoders, strict=True)
    }
    strange = changed(model, encoder=encoder)
    path = tmp_path / "model.onnx"
    _, probabilities = exported(strange, path, renamed)
    np.testing.assert_allclose(probabilities, model.predict_proba(columns), rtol=0, atol=1e-6)
    assert [one.name for one in session_of(path).get_outputs()] == ["label_", "probabilities"]


def test_text_that_was_read_as_numbers_enters_as_numbers(fittings) -> None:
    model = model_of(fittings, "binary")
    encoders = [
        replace(one, written=NumberFormat(symbol="$", thousands=","))
        if one.name == "width"
        else one
        for one in model.predictor.encoder.encoders
    ]
    predictor = changed(
        model, encoder=replace(model.predictor.encoder, encoders=tuple(encoders))
    ).predictor
    row = {"width": ["$1,234.50"], "length": [1], "count": [1], "city": ["Ulm"], "checked": [True]}
    feed = onnx_feed(predictor, row | {"day": np.array(["2026-01-01"], "M8[D]")})
    assert feed["width"].tolist() == [[1234.5]]
