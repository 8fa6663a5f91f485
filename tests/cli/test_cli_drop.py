"""Columns to leave out are named one by one, or with commas between."""

import json
from pathlib import Path

import pytest

from madaline._apps.sampling.source import read_source
from madaline.errors import InputError


def _write(names, n_rows=60):
    lines = [",".join(f"{(n * (3 + place)) % 17}.5" for place in range(4)) for n in range(n_rows)]
    Path("t.csv").write_text("\n".join([",".join(names), *lines, ""]))


def _columns(run, *words):
    outcome = run("look", "t.csv", "--json", *words)
    assert outcome.code == 0, outcome.sentence
    return [
        column["name"]
        for column in json.loads(outcome.out)["columns"]
        if column["kind"] != "dropped"
    ]


def test_several_with_commas_between(run):
    _write("abcd")
    for words in (["a,b"], ["a, b"], ["a", "b"], ["a,b", "b"]):
        assert _columns(run, "--drop", *words, "--target", "d") == ["c"]


def test_a_column_whose_name_has_a_comma(run):
    _write(['"a,c"', "b", "a", "d"])
    assert _columns(run, "--drop", "a,c") == ["b", "a", "d"]
    assert _columns(run, "--drop", "a,b") == ["a,c", "d"]


def test_a_name_that_no_column_has_is_refused_as_it_was_given(run):
    _write("abcd")
    outcome = run("look", "t.csv", "--drop", "a,q")
    assert "--drop names a,q, but the table has no such column" in outcome.sentence


def test_a_dropped_column_is_not_read_as_numbers(run):
    _write("abcd")
    text = Path("t.csv").read_text().replace("\n0.5", "\n1,5-x", 1)
    Path("t.csv").write_text(text.replace("1,5-x", '"1,5-x"'))
    assert _columns(run, "--drop", "a,b", "--target", "d") == ["c"]


def test_sampling_and_filling_leave_them_out_as_well():
    _write("abcd")
    source = read_source("t.csv", min_rows=5, kinds={"a, b": "dropped"})
    assert source.table.names == ("c", "d")
    with pytest.raises(InputError, match="a,q"):
        read_source("t.csv", min_rows=5, kinds={"a,q": "dropped"})
