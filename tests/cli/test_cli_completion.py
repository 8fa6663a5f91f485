"""`madaline --print-completion SHELL`, with shtab where it is installed."""

import sys
from types import SimpleNamespace

import pytest


def test_a_shell_is_given_all_commands_and_the_arguments_that_are_files(run, monkeypatch):
    def complete(parser, shell):
        commands = parser._subparsers._group_actions[0].choices
        files = [one.dest for one in commands["fit"]._actions if hasattr(one, "complete")]
        return f"{shell} {' '.join(commands)} {files}"

    monkeypatch.setitem(sys.modules, "shtab", SimpleNamespace(complete=complete, FILE={}))
    outcome = run("--print-completion", "zsh")
    assert outcome.code == 0
    assert outcome.out.startswith("zsh look fit predict ")
    assert "['table', 'output'" in outcome.out


def test_without_shtab_a_sentence_says_what_to_install(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert "`pip install shtab`" in run("--print-completion", "bash").sentence
    assert "csh" in run("--print-completion", "csh").sentence


def test_a_script_for_each_shell(run):
    pytest.importorskip("shtab", reason="shtab is not installed")
    for shell in ("bash", "zsh", "fish"):
        outcome = run("--print-completion", shell)
        assert outcome.code == 0
        assert "counterfactual" in outcome.out
