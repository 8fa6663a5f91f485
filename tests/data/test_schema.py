import json

import numpy as np
import pytest

from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline.errors import InputError

N = 200
RNG = np.random.default_rng(0)
COLUMNS = {
    "size": RNG.normal(size=N),
    "rooms": RNG.integers(1, 4, N),
    "city": np.array(["Bonn", "Kiel", "Ulm"])[RNG.integers(0, 3, N)],
    "member": RNG.random(N) < 0.3,
    "seen": np.datetime64("2020-01-01") + np.arange(N),
    "constant": np.ones(N),
    "empty": [None] * N,
    "sometimes": [1.0, None] * (N // 2),
    "row": RNG.permutation(N),
    "customer_id": RNG.choice(10**6, N, replace=False),
    "name": [f"name {i}" for i in range(N)],
}
KINDS = {
    "size": "number",
    "rooms": "number",
    "city": "category",
    "member": "boolean",
    "seen": "datetime",
    "constant": "dropped",
    "empty": "dropped",
    "sometimes": "number",
    "row": "dropped",
    "customer_id": "dropped",
    "name": "dropped",
}


@pytest.fixture(scope="module")
def table():
    return Table.from_columns(COLUMNS)


def test_kinds_are_found(table):
    schema = Schema.infer(table)
    assert {column.name: column.kind for column in schema.columns} == KINDS
    assert schema.kept == tuple(name for name, kind in KINDS.items() if kind != "dropped")
    assert schema["sometimes"].n_missing == N // 2
    assert schema["city"].n_distinct == 3
    assert schema["rooms"].n_distinct == 3


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("constant", "constant"),
        ("empty", "no value"),
        ("row", "running number from 0 to 199"),
        ("customer_id", "identifier"),
        ("name", "running number from name 0 to name 199"),
        ("rooms", "whole, from 1 to 3"),
        ("seen", "from 2020-01-01 to 2020-07-18"),
        ("member", "true in"),
    ],
)
def test_details_are_in_words(table, name, words):
    assert words in Schema.infer(table)[name].detail


@pytest.mark.parametrize(
    ("name", "is_id"),
    [
        ("id", True),
        ("PassengerId", True),
        ("row_id", True),
        ("user.uuid", True),
        ("customerID", True),
        ("index", True),
        ("width", False),
        ("humid", False),
        ("paid", False),
        ("GRID", False),
    ],
)
def test_identifiers_are_recognized_by_name(name, is_id):
    values = RNG.choice(10**6, N, replace=False)
    table = Table.from_columns({"size": COLUMNS["size"], name: values})
    assert (Schema.infer(table)[name].kind == "dropped") == is_id


def test_short_tables_have_no_identifiers():
    table = Table.from_columns({"n": range(10), "id": range(10), "t": list("abcdefghij")})
    assert [column.kind for column in Schema.infer(table).columns] == [
        "number",
        "number",
        "category",
    ]


def test_numbers_at_the_edge_of_what_a_file_can_hold():
    numbers = 1.7e308 * np.linspace(-1, 1, N)  # all whole and distinct
    assert Schema.infer(Table.from_columns({"huge": numbers}))["huge"].kind == "number"


def test_an_identifier_is_kept_when_it_is_all_there_is():
    table = Table.from_columns({"x": range(N), "constant": np.ones(N)})
    schema = Schema.infer(table)
    assert schema.kept == ("x",)
    assert "no other column" in schema["x"].detail


def test_kinds_can_be_given(table):
    kinds = {"rooms": "category", "customer_id": "number", "name": "category", "size": "dropped"}
    schema = Schema.infer(table, kinds)
    assert {name: schema[name].kind for name in kinds} == kinds
    assert schema["rooms"].detail.replace(" ", "").split(",")[0] in {"1", "2", "3"}
    assert Schema.infer(table, {"constant": "number"})["constant"].kind == "dropped"
    text = Table.from_columns({"n": ["1", "2", None], "d": ["2020-01-01", None, "2020-01-02"]})
    given = Schema.infer(text, {"n": "number", "d": "datetime"})
    assert given["n"].n_missing == 1
    assert "2020-01-01" in given["d"].detail


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ({"citi": "category"}, r"'citi'.*did you mean 'city'"),
        ({"city": "prose"}, r"'city' cannot be of the kind 'prose'"),
        ({"city": "number"}, r"'city' must hold a number.*'(Bonn|Kiel|Ulm)'"),
        ({"size": "boolean"}, r"'size' must hold true or false"),
    ],
)
def test_impossible_kinds_are_refused(table, kinds, message):
    with pytest.raises(InputError, match=message):
        Schema.infer(table, kinds)


def test_json_round_trip(table):
    schema = Schema.infer(table)
    assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


def test_it_prints_as_a_table(table):
    schema = Schema.infer(table)
    lines = str(schema).splitlines()
    assert len(lines) == len(COLUMNS) + 1
    kind = lines[0].index("kind")
    assert all(line[kind - 1] == " " and line[kind] != " " for line in lines)
    hostile = Schema.infer(Table.from_columns({"<b>": [1, 2]}))
    assert "&lt;b&gt;" in hostile._repr_html_()
    assert "<b>" not in hostile._repr_html_()
    with pytest.raises(KeyError):
        schema["nothing"]


def test_real_tables(shared_tables):
    pl = pytest.importorskip("polars")
    from madaline._tables.io.recognition import to_table

    targets = dict(pl.read_csv(shared_tables / "manifest.csv").select("name", "target").iter_rows())
    dropped = {}
    for name, target in targets.items():
        frame = pl.read_parquet(shared_tables / f"{name}.parquet", n_rows=10_000).drop(target)
        schema = Schema.infer(to_table(frame))
        left_out = [column.name for column in schema.columns if not column.kept]
        if left_out:
            dropped[name] = left_out
    assert set(dropped) <= {"diabetes130", "nycflights13"}  # columns constant among the first rows


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ([*range(40), -999, -999, -999], True),
        ([*range(1, 6)] * 8 + [99] * 4, True),
        ([*range(40), -999], False),  # it may be an outlier
        ([*range(0, 4000, 100), 9999, 9999, 9999], True),
        ([*range(60, 100)] + [99] * 3, False),
        ([0.5] * 3 + [99.0] * 40, False),
    ],
)
def test_numbers_of_nines_far_from_others_are_told(numbers, told):
    columns = {"size": [float(number) for number in numbers], "x": [*range(len(numbers))]}
    notes = Schema.infer(Table.from_columns(columns)).notes
    assert any("lies far from all other numbers" in note for note in notes) == told
