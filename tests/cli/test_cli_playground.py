"""`madaline playground`: what it tells and refuses before a server runs."""

from __future__ import annotations

import pytest

from madaline._cli import main
from madaline._cli import playground as command


@pytest.fixture
def settings(monkeypatch) -> list:
    """The settings of playgrounds that were to run."""
    told = []
    monkeypatch.setattr(command, "run_playground", lambda settings, log: told.append(settings))
    return told


def test_a_playground_listens_to_this_machine_alone(settings) -> None:
    assert main(["playground", "table.csv", "--port", "0", "--no-browser", "--lang", "zh"]) == 0
    (one,) = settings
    assert (one.host, one.port, str(one.table), one.browser) == ("127.0.0.1", 0, "table.csv", False)
    assert main(["playground"]) == 0
    assert (settings[1].table, settings[1].browser) == (None, True)


def test_a_table_that_is_not_there_is_one_sentence(capsys, tmp_path) -> None:
    assert main(["playground", str(tmp_path / "no.csv"), "--port", "0", "--no-browser"]) == 2
    told = capsys.readouterr().err
    assert "no.csv" in told
    assert "Traceback" not in told
