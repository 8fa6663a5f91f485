"""JavaScript predicts what the runtime predicts, and takes values as programs have them."""

from __future__ import annotations

import json

import pytest
from interpreting import typed
from running_code import needs_node, run_js, say_js
from tests.export.conftest import KINDS, SOME
from tests.export.test_program import compare

from madaline._apps.export.code import functions_of
from madaline._apps.export.lowering import lower

pytestmark = pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")


@needs_node
@pytest.mark.parametrize("kind", KINDS)
def test_javascript_predicts_what_the_runtime_predicts(kind, models, rows, tmp_path) -> None:
    model = models(kind)
    program = lower(model)
    given = typed(program, model.predictor.encoder, model.predictor.table(rows))
    compare(model, run_js(program, tmp_path, given), rows)


def test_it_has_the_functions_of_c() -> None:
    assert functions_of("operations.js").keys() == functions_of("operations.c").keys()


@needs_node
@pytest.mark.parametrize("kind", SOME)
def test_a_row_is_an_object(kind, models, tmp_path) -> None:
    model = models(kind)
    row = {"width": 12.5, "length": -3, "double": 4, "city": "Kiel", "Code (of 120)": "c7"}
    row |= {"checked": True, "day": "2025-03-01", "moment": "1970-02-01T10:30:00"}
    said = json.loads(
        say_js(
            lower(model), tmp_path, f"console.log(JSON.stringify(model.predict({json.dumps(row)})))"
        )
    )
    predictor = model.predictor
    predicted = predictor.predict([row])[0]
    match kind:
        case "binary" | "multiclass":
            assert said["label"] == str(predicted)
            shares = [
                said["probabilities"][str(label)] for label in predictor.target_encoder.classes
            ]
            assert shares == pytest.approx(predictor.predict_proba([row])[0], abs=1e-6)
        case "labels":
            assert list(said["label"].values()) == [str(one) for one in predicted]
            shares = [list(of.values())[1] for of in said["probabilities"].values()]
            assert shares == pytest.approx(predictor.predict_proba([row])[0], abs=1e-6)
        case "several" | "quantiles":
            assert list(said["prediction"].values()) == pytest.approx(predicted, rel=1e-5)
            bounds = predictor.predict_interval([row])[0].tolist()
            found = said["interval"] if kind == "quantiles" else list(said["interval"].values())
            assert found == [pytest.approx(one, rel=1e-5) for one in bounds]
        case _:
            assert said["prediction"] == pytest.approx(predicted, rel=1e-5)
            assert said["interval"] == pytest.approx(predictor.predict_interval([row])[0], rel=1e-5)


@needs_node
@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"width": "wide"}, 'Column "width" holds wide, which is no number.'),
        ({"width": " "}, 'Column "width" holds  , which is no number.'),
        ({"checked": 2}, 'Column "checked" holds 2, which is no boolean.'),
        ({"day": "soon"}, 'Column "day" holds soon, which is no datetime.'),
        ({"length": None, "city": "nowhere"}, ""),
    ],
)
def test_what_cannot_be_read_is_refused(row, sentence, models, tmp_path) -> None:
    lines = f"try {{ model.predict({json.dumps(row)}) }} catch (e) {{ console.log(e.message) }}"
    assert say_js(lower(models("binary")), tmp_path, lines).rstrip("\n") == sentence


@needs_node
@pytest.mark.parametrize(
    ("value", "days"),
    [
        ('"1970-01-02"', 1),
        ('"1970-01-02T12:00"', 1.5),
        ('"1970-01-02 12:00:00"', 1.5),
        ('"1970-01-02T12:00:00+12:00"', 1),
        ('"1969-12-31"', -1),
        ('"2024-02-30"', None),
        ('"2024-2-3"', None),
        ("new Date(43200000)", 0.5),
        ("2.5", 2.5),
    ],
)
def test_dates_do_not_depend_on_the_time_zone(value, days, models, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    program = lower(models("binary"))
    number = [column.name for column in program.columns].index("day")
    lines = f"try {{ console.log(model.typed({value}, {number})) }} catch {{ console.log('none') }}"
    assert say_js(program, tmp_path, lines).strip() == ("none" if days is None else str(days))
