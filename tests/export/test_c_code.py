"""C predicts what the runtime predicts, compiles without a warning, and refuses the same."""

from __future__ import annotations

import numpy as np
import pytest
from interpreting import typed
from running_code import needs_compiler, run_c
from tests.export.conftest import KINDS
from tests.export.test_program import compare

from madaline._apps.export.c_code import c_code
from madaline._apps.export.code import functions_of
from madaline._apps.export.lowering import lower
from madaline._apps.export.operations import ACTIVATIONS, LINKS, OPERATIONS

pytestmark = pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")


@needs_compiler
@pytest.mark.parametrize("kind", KINDS)
def test_c_predicts_what_the_runtime_predicts(kind, models, rows, tmp_path) -> None:
    model = models(kind)
    program = lower(model)
    given = typed(program, model.predictor.encoder, model.predictor.table(rows))
    answers = run_c(program, tmp_path, given)
    if kind == "labels":
        answers["label"] -= [0, 2]  # in one list of both labels
    compare(model, answers, rows)


def test_every_operation_is_a_function() -> None:
    plain = {name for name in map(_name, OPERATIONS) if name not in ("activate", "link")}
    named = {f"activate_{own}" for own in ACTIVATIONS} | {f"link_{own}" for own in LINKS}
    assert functions_of("operations.c").keys() == plain | named


def _name(operation: type) -> str:
    return operation.name.fget(object.__new__(_bare(operation)))


def _bare(operation: type) -> type:
    return type(operation.__name__, (operation,), {"arguments": ()})


@needs_compiler
def test_what_cannot_be_read_is_refused(models, tmp_path) -> None:
    model = models("binary")
    program = lower(model)
    names = [column.name for column in program.columns]
    wrong = {"width": np.inf, "city": 4, "checked": 2, "day": 3e6, "Code (of 120)": 0.5}
    rows = np.full((len(wrong) + 1, len(names)), np.nan)
    for row, (name, value) in enumerate(wrong.items()):
        rows[row, names.index(name)] = value
    found = run_c(program, tmp_path, rows)
    assert found["status"].tolist() == [*(names.index(name) + 1 for name in wrong), 0]


@needs_compiler
@pytest.mark.parametrize(("coverage", "status"), [(0.5, 0), (0.999999, -2), (1.5, -2)])
def test_a_coverage_that_cannot_be_promised_is_refused(coverage, status, models, tmp_path) -> None:
    program = lower(models("numbers"))
    rows = np.full((1, len(program.columns)), np.nan)
    assert run_c(program, tmp_path, rows, coverage)["status"] == [status]


def test_the_header_names_columns_and_answers(models) -> None:
    files = c_code(lower(models("binary")), "2 much (v1)")
    assert '#include "2 much (v1).h"' in files[".c"]
    for line in (
        "M2_MUCH_V1_WIDTH, /* width: a number */",
        "M2_MUCH_V1_CITY, /* city: the number of a level */",
        "M2_MUCH_V1_DAY, /* day: days since 1970 */",
        "double probabilities[2];",
    ):
        assert line in files[".h"]


def test_no_function_is_named_like_an_operation(models) -> None:
    files = c_code(lower(models("binary")), "read")
    assert "double read_model_level(int column" in files[".h"]
    assert "READ_MODEL_WIDTH, /* width: a number */" in files[".h"]


def test_texts_of_all_kinds_become_texts_of_c(models) -> None:
    source = c_code(lower(models("binary")), "model")[".c"]
    assert r'"K\042\303\266\077\077/ln\134"' in source
