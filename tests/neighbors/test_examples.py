"""The files of examples/neighbors run, and print what they tell."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "neighbors"
NEEDS = {
    "autogluon_model": ("autogluon.tabular",),
    "celery_online": ("celery",),
    "evidently_beside_watch": ("evidently",),
    "mapie_sets": ("mapie",),
    "mlforecast_lags": ("mlforecast",),
    "optuna_pruning": ("optuna", "pandas"),
    "skrub_join": ("skrub",),
}


def run(name, monkeypatch, capsys, folder):
    """Run an example as a user does, in a folder, and return its lines."""
    for package in NEEDS[name]:
        pytest.importorskip(package, reason=f"{package} is not installed")
    monkeypatch.chdir(folder)
    runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
    return capsys.readouterr().out.splitlines()


@pytest.fixture
def lines(request, monkeypatch, capsys, tmp_path):
    return run(request.param, monkeypatch, capsys, tmp_path)


def test_no_example_is_forgotten():
    assert {path.stem for path in FOLDER.glob("*.py")} == NEEDS.keys()


# What other packages warn of is theirs.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("lines", ["optuna_pruning"], indirect=True)
def test_trials_are_pruned(lines):
    states = [line.split()[0] for line in lines[:-1]]
    assert {*states} == {"COMPLETE", "PRUNED"}
    assert float(lines[-1].split()[-1].rstrip(".")) < 0.2


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("lines", ["mapie_sets"], indirect=True)
def test_sets_of_both_hold_what_they_promise(lines):
    assert [line.split()[0] for line in lines] == ["MAPIE", "madaline"]
    assert all(0.93 < float(line.split()[1].rstrip("%")) / 100 < 0.98 for line in lines)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("lines", ["skrub_join"], indirect=True)
def test_joined_columns_help(lines):
    alone, joined = (float(line.split()[-1]) for line in lines)
    assert joined > alone + 0.1


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("lines", ["celery_online"], indirect=True)
def test_workers_predict_with_what_another_learned(lines):
    shares = [int(line.split()[4].rstrip("%")) for line in lines]
    assert shares[1] > 90
    assert shares[3] > 90


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("lines", ["autogluon_model"], indirect=True)
def test_autogluon_ranks_it_above_a_forest(lines):
    scores = {line.split()[0]: float(line.split()[1]) for line in lines if "_BAG_" in line}
    assert scores["Madaline_BAG_L1"] > scores["RandomForest_BAG_L1"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("lines", ["evidently_beside_watch"], indirect=True)
def test_both_tell_which_column_changed(lines):
    values = {line.split()[1]: float(line.split()[-1]) for line in lines if "p value" in line}
    assert values["income"] < 0.001 < values["age"]
    alarms = [line for line in lines if line.startswith("watch: ")]
    assert {line.split(":")[1] for line in alarms} == {" income", " probability of paid"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("lines", ["mlforecast_lags"], indirect=True)
def test_both_forecast_nearly_as_well_as_the_noise_lets_them(lines):
    errors = [float(line.split()[4]) for line in lines[:2]]
    assert max(errors) < 12
