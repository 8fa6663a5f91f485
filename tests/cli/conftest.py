"""Fixtures of the command line's tests: a tiny table, a model of it, and a way to type commands."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from madaline._apps.cli import main

SOURCE = Path(__file__).resolve().parents[2] / "src"


@dataclass(frozen=True)
class Outcome:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The only line on standard error, of a command that was refused."""
        assert self.code == 2, self.err
        assert self.out == ""
        assert self.err.count("\n") == 1, self.err
        assert self.err.startswith("madaline: ")
        assert "Traceback" not in self.err
        return self.err.removeprefix("madaline: ").rstrip()


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test works in a folder of its own, and sees the traceback of a bug."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MADALINE_DEBUG", "1")
    return tmp_path


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Type a command in this process."""

    def typed(*words: object) -> Outcome:
        capfd.readouterr()
        code = main([str(word) for word in words])
        return Outcome(code, *capfd.readouterr())

    return typed


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """The environment of processes of their own."""
    return os.environ | {"PYTHONPATH": str(SOURCE), "FORCE_COLOR": "1"}


@pytest.fixture
def start(environment) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a command in a process of its own, which notices interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may ignore them

    def started(*words: object, **settings: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "madaline", *map(str, words)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment}
        return subprocess.Popen(command, **(pipes | settings))  # type: ignore[call-overload]

    yield started
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table `fruit.csv` and models of it."""
    folder = tmp_path_factory.mktemp("fruit")
    (folder / "fruit.csv").write_text(fruit_table())
    return folder


@pytest.fixture(scope="session")
def fruit(folder: Path) -> Path:
    """A table with a number with missing values, a category, a Boolean, and two targets."""
    return folder / "fruit.csv"


@pytest.fixture(scope="session")
def fruit_rows() -> Callable[[int], str]:
    """Make a table like `fruit` with so many rows, as CSV."""
    return fruit_table


@pytest.fixture(scope="session")
def model(folder: Path, fruit: Path) -> Path:
    """A model that predicts `kind`, a class."""
    path = folder / "fruit.madaline"
    words = ["fit", fruit, "--target", "kind", "--drop", "price", "-o", path, "--quiet"]
    assert main([*map(str, words), "--effort", "5"]) == 0
    return path


@pytest.fixture(scope="session")
def price_model(folder: Path, fruit: Path) -> Path:
    """A model that predicts `price`, a number."""
    path = folder / "price.madaline"
    words = ["fit", fruit, "--target", "price", "-o", path, "--quiet", "--effort", "3"]
    assert main(list(map(str, words))) == 0
    return path


def fruit_table(n_samples: int = 60) -> str:
    """Return the table as CSV; the weight tells the kind, and most of the price."""
    rng = random.Random(0)
    lines = ["weight,color,organic,price,kind"]
    for row in range(n_samples):
        heavy = row % 2
        weight = "" if row % 20 == 7 else f"{100 + 60 * heavy + rng.gauss(0, 8):.1f}"
        color = rng.choice(["red", "green", "yellow"])
        price = 1 + heavy + rng.gauss(0, 0.1)
        organic = rng.choice(["true", "false"])
        lines.append(f"{weight},{color},{organic},{price:.2f},{'pear' if heavy else 'plum'}")
    return "\n".join(lines) + "\n"
