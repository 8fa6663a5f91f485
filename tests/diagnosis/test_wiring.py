"""The diagnosis of a fit is kept: by estimators, in the model's file, on the command line."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from madaline import AdaptiveClassifier, AdaptiveRegressor, load
from madaline._apps.cli import main
from madaline.errors import InputError


@pytest.fixture(scope="module")
def flipped(sound):
    """A classifier of a table in which one in ten labels is wrong; which, and the table."""
    columns, target = sound("binary", n_rows=900)
    rows = np.random.default_rng(1).choice(900, 90, replace=False)
    target[rows] = np.where(target[rows] == "low", "high", "low")
    pandas = pytest.importorskip("pandas", reason="the estimators are given a data frame")
    frame = pandas.DataFrame(columns)
    weight = np.ones(900)
    weight[:50] = 0
    model = AdaptiveClassifier(effort=6, random_state=0).fit(frame, target, sample_weight=weight)
    return model, rows, frame


def test_suspects_are_ranked_by_the_rows_of_x(flipped):
    model, rows, _ = flipped
    counted = rows[rows >= 50]
    assert np.isnan(model.label_quality_[:50]).all()
    assert np.isin(model.label_suspects_[:40], counted).mean() > 0.9
    (found,) = [one for one in model.diagnosis_ if one.kind == "wrong labels"]
    assert found.rows == tuple(model.label_suspects_[:50])


def test_a_model_file_keeps_the_diagnosis(flipped, tmp_path):
    model, _, frame = flipped
    model.save(tmp_path / "model")
    loaded = load(tmp_path / "model")
    assert loaded.diagnosis_ == model.diagnosis_ == model.model_.diagnosis
    new = frame.assign(length=frame["length"] + 2)
    (drift,) = [one for one in model.diagnose(new) if one.kind == "drift"]
    assert drift.subject == "length"
    columns = {name: new[name].to_numpy() for name in new}
    assert loaded.diagnose(columns) == model.diagnose(new)


def test_an_older_file_has_no_diagnosis_and_says_so(flipped, tmp_path, monkeypatch, capsys):
    model, _, frame = flipped
    older = replace(model.model_, diagnosis=None, profile=None)
    older.save(tmp_path / "model")
    loaded = load(tmp_path / "model")
    assert loaded.diagnosis_ is None
    with pytest.raises(InputError, match="fit it again"):
        loaded.diagnose({name: frame[name].to_numpy() for name in frame})
    assert main(["doctor", str(tmp_path / "model")]) == 0
    assert "fit it again to see findings" in capsys.readouterr().out.replace("\n", " ")


def test_a_regressor_has_no_suspects(sound):
    columns, target = sound("regression", n_rows=200)
    pandas = pytest.importorskip("pandas", reason="the estimators are given a data frame")
    model = AdaptiveRegressor(effort=2, random_state=0).fit(pandas.DataFrame(columns), target)
    assert not hasattr(model, "label_suspects_")
    assert {one.kind for one in model.diagnosis_} <= {"unfinished", "too few rows", "worse group"}


def test_the_command_line_groups_findings_by_severity(flipped, tmp_path, capsys):
    model, _, frame = flipped
    model.save(tmp_path / "model")
    path = tmp_path / "new.csv"
    frame.assign(length=frame["length"] + 2).to_csv(path, index=False)
    assert main(["doctor", str(tmp_path / "model"), str(path)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "High:" in out
    assert "length differs from the training rows" in out
    assert "Such as rows " in out
    assert max(map(len, out.splitlines())) <= 80 or str(path) in out
    assert main(["--lang", "zh", "doctor", str(tmp_path / "model"), str(path)]) == 0
    assert "\n高：\n" in capsys.readouterr().out


def test_the_command_line_prints_json(flipped, tmp_path, capsys):
    model, _, frame = flipped
    model.save(tmp_path / "model")
    frame.to_csv(tmp_path / "new.csv", index=False)
    assert main(["doctor", str(tmp_path / "model"), str(tmp_path / "new.csv"), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["fit"] == json.loads(json.dumps(model.diagnosis_.for_command_line().facts()))
    assert result["new_rows"] == []


def test_a_table_that_lacks_a_column_is_refused(flipped, tmp_path, capsys):
    model, _, frame = flipped
    model.save(tmp_path / "model")
    frame.drop(columns="length").to_csv(tmp_path / "new.csv", index=False)
    assert main(["doctor", str(tmp_path / "model"), str(tmp_path / "new.csv")]) == 2
    assert "length" in capsys.readouterr().err


def test_the_end_of_a_fit_says_where_to_read_on(sound, tmp_path, capsys):
    columns, target = sound("regression", n_rows=200)
    pandas = pytest.importorskip("pandas", reason="the table is written as a CSV file")
    frame = pandas.DataFrame(columns | {"paid": target, "price": target})
    frame.to_csv(tmp_path / "sold.csv", index=False)
    words = ["fit", str(tmp_path / "sold.csv"), "--target", "price", "--effort", "2"]
    assert main([*words, "-o", str(tmp_path / "model")]) == 0
    out = capsys.readouterr().out
    assert "  ! paid alone explains" in out
    assert f"madaline doctor {tmp_path / 'model'}" in out
    assert main([*words, "-o", str(tmp_path / "model"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["findings"][0]["kind"] == "leak"
