"""Every back end takes, or refuses, models of series, lags, several targets and texts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from interpreting import typed
from running import exported
from running_code import needs_compiler, needs_node, run_c, run_js
from tests.export.test_program import compare

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline._apps.export import ENDINGS, write_onnx, write_program
from madaline._apps.export.lowering import lower
from madaline.errors import InputError

pytestmark = [
    pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning"),
    pytest.mark.filterwarnings("ignore::madaline.errors.LaterRowsWarning"),
]

N_ROWS = 120
ROWS = pd.DataFrame(
    {
        "day": np.datetime64("2025-01-01") + np.arange(N_ROWS) // 2,
        "shop": np.array(["north", "south"] * (N_ROWS // 2), object),
        "size": np.arange(N_ROWS) % 7.0,
    }
)
SALES = np.sin(np.arange(N_ROWS) / 6) + (ROWS["shop"] == "north") + 0.2 * ROWS["size"]
BOTH = pd.DataFrame({"sales": SALES, "returns": -SALES})
LABELS = pd.DataFrame({"many": SALES > 1, "few": SALES < 0.5})


def fitted(y, kind=AdaptiveRegressor, **given):
    return kind(effort=1, random_state=0).fit(ROWS, y, **given)._model()


TAKEN = {
    "series": lambda: fitted(SALES, time="day", series="shop"),
    "several numbers": lambda: fitted(BOTH),
    "several labels": lambda: fitted(LABELS, AdaptiveClassifier),
}


@needs_compiler
@needs_node
@pytest.mark.parametrize("kind", TAKEN)
def test_every_back_end_predicts_the_same(kind, tmp_path) -> None:
    model = TAKEN[kind]()
    program = lower(model)
    given = typed(program, model.predictor.encoder, model.predictor.table(ROWS))
    for run in (run_c, run_js):
        answers = run(program, tmp_path, given)
        if run is run_c and "label" in answers:
            answers["label"] -= [0, 2]  # in one list of both labels
        compare(model, answers, ROWS)
    found = exported(model, tmp_path / "model.onnx", ROWS)
    expected = model.predict_proba(ROWS) if len(found) > 1 else model.predict(ROWS)
    np.testing.assert_allclose(found[-1], expected, rtol=1e-5, atol=1e-6)


def test_lags_are_refused_everywhere(tmp_path) -> None:
    model = fitted(SALES, time="day", series="shop", lags=[1])
    for ending in (*ENDINGS, ".onnx"):
        write = write_onnx if ending == ".onnx" else write_program
        with pytest.raises(InputError, match="A model with lags of target cannot be exported"):
            write(model, tmp_path / f"model{ending}")
    assert not list(tmp_path.iterdir())


def test_texts_are_refused_everywhere(tmp_path) -> None:
    words = [f"some words about {number % 7} and {number}" for number in range(N_ROWS)]
    estimator = AdaptiveClassifier(effort=1, random_state=0, kinds={"review": "text"})
    model = estimator.fit(ROWS.assign(review=words), SALES > 1)._model()
    for ending in ENDINGS:
        with pytest.raises(InputError, match=r"texts, images, .* such as review:"):
            write_program(model, tmp_path / f"model{ending}")
    with pytest.raises(InputError, match=r"cannot read texts: give without=\['review'\]"):
        write_onnx(model, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())
