"""`madaline info`: a model described from its file alone."""

from __future__ import annotations

import json


def test_says_what_a_newcomer_asks(run, model) -> None:
    outcome = run("info", model)
    assert outcome.code == 0, outcome.err
    for words in (
        "Predicts kind (2 classes: pear, plum) from 3 columns, learned from 60 rows.",
        "accuracy",
        "weight",
        "red, ",
        "10-fold",
        "epochs",
        "kB",
        "pruned to",
        "The prediction is the weighted mean of ",
        "of the work of a prediction.",
        "  madaline story ",
    ):
        assert words in outcome.out
    assert "multiply" not in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 80
    assert outcome.err == ""


def test_a_model_of_numbers(run, price_model) -> None:
    assert "Predicts price (a number) from 4 columns" in run("info", price_model).out


def test_json(run, model) -> None:
    facts = json.loads(run("info", model, "--json").out)
    assert facts["classes"] == ["pear", "plum"]
    assert [column["name"] for column in facts["columns"]] == ["weight", "color", "organic"]
    assert facts["bytes"] == model.stat().st_size
    assert facts["learned"] in (True, False)


def test_scores_of_later_rows_are_told_on_the_first_screen(run, dated_model, place) -> None:
    dated_model.save(place / "dated.madaline")
    outcome = run("info", "dated.madaline")
    assert "Validation scores (later rows, 160 rows):" in outcome.out
    assert "    last known value (networks: 10.4)                   10.4" in outcome.out
    told = " ".join(outcome.out.split())
    assert "theirs 10.4. Give --lags." in told
    assert "5 stretches of 40 days, each predicted from the rows before it." in told
    assert max(map(len, outcome.out.splitlines())) <= 80
    told = " ".join(run("story", "dated.madaline", "--full").out.split())
    assert "Over time: The last known value predicts as well as the networks" in told
    facts = json.loads(run("info", "dated.madaline", "--json").out)
    assert len(facts["forward"]["stretches"]) == 5


def test_the_doctor_tells_how_old_a_model_is_for_new_rows(
    run, dated_model, make_columns, place
) -> None:
    dated_model.save(place / "dated.madaline")
    columns, target = make_columns("regression", seed=1)
    columns["target"] = target.tolist()
    rows = zip(*columns.values(), strict=True)
    lines = [",".join("" if one is None else str(one) for one in row) for row in rows]
    (place / "new.csv").write_text("\n".join([",".join(columns), *lines]))
    met = run("predict", "dated.madaline", "new.csv")
    assert "The fit promised a root mean squared error of 9.8 ± 1.4 on later rows." in met.err
    told = " ".join(run("doctor", "dated.madaline", "new.csv").out.split())
    assert "after the last row learned (2012-07-18). The rows of new.csv:" in told
    assert "The rows begin 11.6 years after the last row learned" in told
    facts = json.loads(run("doctor", "dated.madaline", "new.csv", "--json").out)
    assert facts["age"] in told
    assert "late rows" in [one["kind"] for one in facts["new_rows"]]
