"""How commands end: help, bugs, full disks, Ctrl-C, and readers that leave."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from madaline import __version__
from madaline._apps.cli import exit_code
from madaline._models.model import FittedModel


def test_version_and_help(run) -> None:
    assert run("--version").out == f"madaline {__version__}\n"
    overview = run()
    assert overview.code == 0
    for command in ("look", "fit", "predict"):
        assert f"madaline {command} " in overview.out
        own = run(command, "--help")
        assert own.code == 0
        assert f"madaline {command} penguins" in own.out


def test_a_bug_is_not_taken_for_bad_input(capsys, monkeypatch) -> None:
    def buggy() -> None:
        raise KeyError("weights")

    monkeypatch.setenv("MADALINE_DEBUG", "0")
    assert exit_code(buggy) == 70
    told = capsys.readouterr().err
    assert "KeyError" in told
    assert "report" in told
    assert told.count("\n") == 1
    monkeypatch.setenv("MADALINE_DEBUG", "1")
    assert exit_code(buggy) == 70
    assert "Traceback" in capsys.readouterr().err


def test_warnings_are_sentences(capsys, monkeypatch) -> None:
    def warn() -> None:
        warnings.warn("The fit goes on, but slower.", stacklevel=1)
        warnings.warn("overflow encountered in square", RuntimeWarning, stacklevel=1)

    monkeypatch.setenv("MADALINE_DEBUG", "0")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert exit_code(warn) == 0
        assert capsys.readouterr().err == "warning: The fit goes on, but slower.\n"
    monkeypatch.setenv("MADALINE_DEBUG", "1")
    with pytest.warns(RuntimeWarning, match="overflow encountered"):
        assert exit_code(warn) == 0


def test_a_full_disk_takes_no_work_that_was_kept(run, fruit, place, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("madaline._race.checkpoint.CHECKPOINT_SECONDS", 0.0)
    words = ("fit", fruit, "--target", "kind", "--drop", "price", "--effort", 2, "-o", "m.madaline")
    with monkeypatch.context() as patch:
        patch.setattr(FittedModel, "save", full)
        outcome = run(*words, "--quiet")
    kept = r"the same command goes on after epoch [12], from m\.madaline\.checkpoint\.$"
    assert re.search(kept, outcome.sentence)
    assert [path.name for path in place.iterdir()] == ["m.madaline.checkpoint"]
    again = run(*words)
    assert again.code == 0
    assert "An interrupted fit of the same table goes on" in again.err
    assert [path.name for path in place.iterdir()] == ["m.madaline"]


def test_full_disk_at_the_end(run, fruit, place, monkeypatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    words = ("--drop", "price", "--quiet", "-o", "m.madaline")
    outcome = run("fit", fruit, "--target", "kind", "--effort", 2, *words)
    assert "m.madaline cannot be written, no space left on device" in outcome.sentence
    assert list(place.iterdir()) == []


def test_an_older_model_survives_a_full_disk(run, fruit, place, monkeypatch) -> None:
    Path("m.madaline").write_text("older")
    monkeypatch.setattr(FittedModel, "save", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    words = ("--drop", "price", "--quiet", "-o", "m.madaline")
    outcome = run("fit", fruit, "--target", "kind", "--effort", 2, *words)
    assert outcome.code == 2
    assert Path("m.madaline").read_text() == "older"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_full_standard_output(start, model, fruit) -> None:
    with Path("/dev/full").open("wb") as full:
        process = start("predict", model, fruit, stdout=full)
        told = process.communicate()[1].decode()
    assert process.returncode == 2
    assert told.splitlines()[-1].startswith("madaline: The output cannot be written, no space left")
    assert "Exception" not in told


def test_a_reader_that_leaves_is_no_error(start, model) -> None:
    Path("long.csv").write_text("weight,color,organic\n" + "120,red,true\n" * 20_000)
    process = start("predict", model, "long.csv")
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 141
    assert told == b""


posix = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")


@pytest.fixture
def long_fit(start):
    """A fit that has begun to train, and goes on for long."""
    lines = [f"{row % 97},{row % 89},{row % 7}" for row in range(20_000)]
    Path("large.csv").write_text("\n".join(["a,b,c", *lines]))
    process = start("fit", "large.csv", "--target", "a", "--task", "regression")
    told = b""
    while b": validation loss" not in told:  # until it trains
        told = process.stderr.readline()
        assert told, "the fit ended before it trained"
    return process


@pytest.mark.slow
@posix
def test_an_interrupt_saves_the_best_model_so_far(long_fit, run, place) -> None:
    long_fit.send_signal(signal.SIGINT)
    out, told = long_fit.communicate()
    assert long_fit.returncode == 0, told
    assert b"Interrupted: saving the best model so far; interrupt again to stop at once." in told
    assert b"large.madaline holds the best model so far" in b" ".join(told.split())
    assert b"Saved large.madaline" in out
    assert "Interrupted: training ended" in run("info", "large.madaline", "--json").out


@pytest.mark.slow
@posix
@pytest.mark.parametrize("numbers", [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM,)])
def test_stopping_a_fit_leaves_no_model(long_fit, place, numbers) -> None:
    process = long_fit
    process.send_signal(numbers[0])
    for number in numbers[1:]:
        told = b""
        while b"Interrupted" not in told:  # until it is noticed
            told = process.stderr.readline()
            assert told, "the fit ended without noticing"
        process.send_signal(number)
    out, told = process.communicate()
    assert process.returncode == 2
    assert out == b""
    sentence = told.decode().splitlines()[-1]
    assert sentence.startswith("madaline: Stopped after ")
    assert "large.madaline was not written" in sentence
    assert b"Traceback" not in told
    assert [path.name for path in place.iterdir()] == ["large.csv"]


TWICE = """
import atexit, os, signal, sys
from madaline._apps import cli

def interrupt(*_):
    os.kill(os.getpid(), signal.SIGINT)

def run(argv):
    interrupt()
    raise AssertionError("not interrupted")

class Stream:
    encoding = "utf-8"
    closed = False
    def write(self, text):
        interrupt()
        sys.__stderr__.write(text)
    def flush(self):
        interrupt()

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have them ignored
atexit.register(interrupt)
cli._run, sys.stderr = run, Stream()
sys.exit(cli.main())
"""


@posix
def test_further_interrupts_do_not_disturb_the_end(environment) -> None:
    command = [sys.executable, "-c", TWICE]
    process = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert process.stderr == b"madaline: Stopped before it was done.\n"
    assert process.returncode == 2


@posix
def test_a_command_within_a_program_leaves_signals_as_they_were(run) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert exit_code(lambda: signal.raise_signal(signal.SIGTERM)) == 2
    assert run("--version").code == 0
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.slow
def test_a_pipe_gets_no_control_characters(start, fruit, monkeypatch) -> None:
    process = start("fit", fruit, "--target", "kind", "--effort", 6)
    out, told = process.communicate()
    assert process.returncode == 0, told
    assert b"epoch   1: validation loss" in told
    assert all(byte >= 32 or byte == 10 for byte in out + told)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
@pytest.mark.parametrize("megabytes", [250, 450])
def test_a_small_address_space_is_refused_with_a_sentence(start, folder, megabytes) -> None:
    import resource

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes * 10**6,) * 2)

    process = start("fit", folder / "fruit.csv", "--target", "kind", preexec_fn=limited)
    told = process.communicate()[1].decode()
    assert process.returncode == 2, told
    assert told.startswith(f"madaline: The address space of this process is limited to {megabytes}")
