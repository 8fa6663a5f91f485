"""One small network takes no more flash than it may, and is refused where it costs too much."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import numpy as np
import pytest
from interpreting import typed
from running_code import needs_compiler, run_c
from running_devices import boards, run_on
from tests.export.conftest import table_of

from madaline._apps.export import distilling, write_small_program
from madaline._apps.export.c_code import c_code, flash_of
from madaline._apps.export.distilling import distill
from madaline.errors import InputError
from madaline.nn.losses import Absolute

pytestmark = pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    """Let networks learn for moments."""
    for name, number in {"_STEPS": 60, "_LAST_STEPS": 60, "_MIXED_ROWS": 600}.items():
        monkeypatch.setattr(distilling, name, number)


@pytest.fixture
def table(models):
    """Return rows that a model reads, without labels."""
    return lambda model, n=300: model.predictor.table(table_of(n, seed=5)[0])


@needs_compiler
@pytest.mark.parametrize("kind", ["binary", "numbers", "several"])
def test_the_source_fits_and_predicts_what_the_network_predicts(kind, models, table, tmp_path):
    model = models(kind)
    rows = table(model)
    program, found = distill(model, rows, 20_000, max_loss=1e9)
    given = typed(program, model.predictor.encoder, rows)
    answers = run_c(program, tmp_path, given)
    assert (answers["status"] == 0).all()
    predictor = replace(model.predictor, parts=(found.part,), temperature=1.0)
    key = "probabilities" if kind == "binary" else "prediction"
    expected = (predictor.predict_proba if kind == "binary" else predictor.predict)(rows)
    expected = expected.reshape(answers[key].shape)
    np.testing.assert_allclose(
        answers[key], expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max()
    )
    subprocess.run(["gcc", "-std=c99", "-Os", "-c", "model.c"], cwd=tmp_path, check=True)
    told = subprocess.run(
        ["size", "model.o"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    text, data = map(int, told.stdout.splitlines()[1].split()[:2])
    assert text + data <= flash_of(program) <= 20_000


def test_more_bytes_are_more_units(models, table) -> None:
    model = models("binary")
    sizes = [
        flash_of(distill(model, table(model), most, max_loss=1e9)[0]) for most in (15_000, 30_000)
    ]
    assert 4000 < sizes[0] <= 15_000 < sizes[1] <= 30_000


def test_same_seed_same_bits(models, table) -> None:
    model = models("binary")
    first, again = (distill(model, table(model), 15_000, max_loss=1e9)[0] for _ in range(2))
    texts = [c_code(one, "model")[".c"] for one in (first, again)]
    assert texts[0] == texts[1]


def test_levels_are_no_wider_than_units(models, table) -> None:
    model = models("binary")
    program, _ = distill(model, table(model), 15_000, max_loss=1e9)
    assert max(step.table.shape[1] for step in program.steps if hasattr(step, "table")) <= 64


def test_labels_of_new_rows_are_compared(models, table) -> None:
    model = models("numbers")
    rows = table(model)
    labelled = rows.replaced({"target": table_of(300, seed=5)[1]})
    assert model.target_names == ("target",)
    assert distill(model, labelled, 15_000, max_loss=1e9)[1].of_labels
    assert not distill(model, rows, 15_000, max_loss=1e9)[1].of_labels


def test_what_costs_too_much_is_refused(models, table, tmp_path) -> None:
    model = models("numbers")
    rows = table(model)
    with pytest.raises(
        InputError, match="of the model's loss on 30 rows held out, more than 1e-09"
    ):
        write_small_program(model, tmp_path / "small.c", rows, "20k", max_loss=1e-9)
    assert not list(tmp_path.iterdir())
    with pytest.raises(InputError, match="The smallest network takes"):
        distill(model, rows, 1000)
    with pytest.raises(InputError, match="needs 100 rows or more"):
        distill(model, table(model, 50), 15_000)
    with pytest.raises(InputError, match="such as 32k"):
        write_small_program(model, tmp_path / "small.c", rows, "much")
    other = replace(model, predictor=replace(model.predictor, loss=Absolute()))
    with pytest.raises(InputError, match="the loss absolute cannot be distilled"):
        distill(other, rows, 15_000)


def test_intervals_are_wider_as_errors_are_larger(models, table) -> None:
    model = models("numbers")
    scores = [
        distilling._program(model, distilling._students(model, 20_000)[0], loss).steps[-2].scores
        for loss in (1.0, 4.0)
    ]
    np.testing.assert_allclose(scores[1], 2 * scores[0], rtol=1e-6)
    assert len(scores[0]) <= 200


@boards
@pytest.mark.parametrize("kind", ["binary", "numbers"])
def test_small_devices_predict_what_the_runtime_predicts(kind, board, models, table, tmp_path):
    model = models(kind)
    rows = table(model).take(slice(0, 5))
    program, found = distill(model, table(model), 20_000, max_loss=1e9)
    predictor = replace(model.predictor, parts=(found.part,), temperature=1.0)
    expected = (predictor.predict_proba if kind == "binary" else predictor.predict)(rows)
    answers = run_on(board, program, tmp_path, typed(program, model.predictor.encoder, rows))
    size = np.abs(expected).max()
    np.testing.assert_allclose(answers, expected.reshape(answers.shape), rtol=0, atol=1e-4 * size)
