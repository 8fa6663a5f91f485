"""`madaline playground`: what it tells and refuses before a server runs."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

import madaline._apps.playground
from madaline._apps.cli import main


@pytest.fixture
def settings(monkeypatch) -> list:
    """The settings of playgrounds that were to run."""
    told = []
    run = lambda settings, log: told.append(settings)  # noqa: E731
    monkeypatch.setattr(madaline._apps.playground, "run_playground", run)
    return told


def test_a_playground_listens_to_this_machine_alone(settings) -> None:
    assert main(["playground", "table.csv", "--port", "0", "--no-browser", "--lang", "zh"]) == 0
    (one,) = settings
    assert (one.host, one.port, str(one.table), one.browser) == ("127.0.0.1", 0, "table.csv", False)
    assert main(["playground"]) == 0
    assert (settings[1].table, settings[1].browser) == (None, True)


def test_names_of_a_proxy_can_be_allowed(settings, capsys) -> None:
    assert main(["playground", "--allow-host", "Play.example.com"]) == 0
    assert settings[0].allow_hosts == ("play.example.com",)
    assert main(["playground", "--allow-host", "http://a.com"]) == 2
    assert "cannot be the name of a server" in capsys.readouterr().err


def test_a_port_in_use_is_one_sentence(capsys) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["playground", "--port", str(port), "--no-browser"]) == 2
    assert "give another port with --port." in capsys.readouterr().err


def test_other_commands_do_not_load_the_playground_or_the_server() -> None:
    code = "import sys; from madaline._apps.cli.parser import build_parser; build_parser(['fit'])"
    code += "; loaded = {'asyncio', 'madaline._apps.playground', 'madaline._apps.serve.app'} & {*sys.modules}"
    code += "; sys.exit(len(loaded))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_table_that_is_not_there_is_one_sentence(capsys, tmp_path) -> None:
    assert main(["playground", str(tmp_path / "no.csv"), "--port", "0", "--no-browser"]) == 2
    told = capsys.readouterr().err
    assert "no.csv" in told
    assert "Traceback" not in told


def test_the_pages_can_be_written_into_a_folder(settings, monkeypatch, capsys) -> None:
    write = lambda folder: Path(folder) / "index.html"  # noqa: E731
    monkeypatch.setattr(madaline._apps.playground, "write_folder", write)
    assert main(["playground", "--export", "pages"]) == 0
    assert settings == []
    assert "Open pages/index.html in a browser" in capsys.readouterr().err
    assert main(["playground", "table.csv", "--export", "pages"]) == 2
    assert "leave table.csv or --export out" in capsys.readouterr().err.replace("\n", " ")


def test_pages_of_others_are_not_replaced(tmp_path, capsys) -> None:
    (tmp_path / "index.html").write_text("mine")
    assert main(["playground", "--export", str(tmp_path)]) == 2
    assert "is not a page of the playground: name another" in capsys.readouterr().err
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]
