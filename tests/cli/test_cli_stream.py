"""`madaline stream`: a table is played back in the order of time."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from madaline import OnlineClassifier, OnlineRegressor
from madaline._apps.cli.streams import PARTS
from madaline._models.online.playback import Playback


@pytest.fixture
def changing() -> str:
    """A table whose relation turns around in the middle; its rows are out of order."""
    rng = random.Random(0)
    rows = []
    for day in range(400):
        size = rng.uniform(-1, 1)
        rows.append(f"{day},{size:.4f},{'up' if (size > 0) == (day < 200) else 'down'}")
    rng.shuffle(rows)
    Path("changing.csv").write_text("\n".join(["day,size,move", *rows]))
    return "changing.csv"


def test_a_line_for_each_part_and_one_for_all(run, changing):
    outcome = run("stream", changing, "--target", "move", "--time", "day", "-o", "s.madaline")
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    first = "400 rows of changing.csv in the order of day; labels known before the next row."
    assert lines[0] == first
    assert lines[2].endswith("accuracy   no change    linear  log loss  memory of most weight")
    assert lines[3].split()[0] == "1-33"
    assert lines[15].split()[0] == "all"
    assert len(lines) <= 30
    assert all(len(line) <= 90 for line in lines)
    model = OnlineClassifier.load("s.madaline")
    assert model.classes_.tolist() == ["down", "up"]
    assert model.learner_.n_learned == 400


def test_an_interrupt_leaves_the_model_of_the_parts_that_are_done(run, changing, monkeypatch):
    segments = Playback.segments

    def interrupted(self, count):
        for number, segment in enumerate(segments(self, count)):
            if number == 3 * PARTS:
                raise KeyboardInterrupt
            yield segment

    monkeypatch.setattr(Playback, "segments", interrupted)
    outcome = run("stream", changing, "--target", "move", "--time", "day", "-o", "s.madaline")
    assert outcome.code == 2
    assert outcome.err == "madaline: Stopped before it was done.\n"
    assert OnlineClassifier.load("s.madaline").learner_.n_learned == 100


def test_json_holds_the_same(run, changing):
    words = ["--target", "move", "--time", "day", "--json"]
    outcome = run("stream", changing, *words)
    facts = json.loads(outcome.out)
    assert len(facts["segments"]) == 12
    early, late = facts["segments"][5]["accuracy"], facts["segments"][6]["accuracy"]
    assert early > 0.85 > late  # the relation turns around between them
    assert facts["segments"][-1]["accuracy"] > 0.7
    assert all(one["sentence"].startswith("Since row") for one in facts["decisions"])
    assert facts["segments"][5]["linear"] > 0.85 > facts["segments"][6]["linear"]
    assert sum(facts["all"]["weights"].values()) == pytest.approx(1)
    assert run("stream", changing, *words).out == outcome.out


def test_late_labels_are_worse(run, changing):
    words = ["stream", changing, "--target", "move", "--time", "day", "--json"]
    at_once = json.loads(run(*words).out)["all"]["log_loss"]
    late = json.loads(run(*words, "--delay", 100).out)["all"]["log_loss"]
    assert late > at_once


def test_numbers_have_a_root_mean_squared_error(run):
    rows = "\n".join(f"{n % 13},{3 * (n % 13) + 100}" for n in range(300))
    Path("numbers.csv").write_text(f"a,b\n{rows}")
    words = ["--target", "b", "--task", "regression", "-o", "n.madaline"]
    outcome = run("stream", "numbers.csv", *words)
    assert outcome.out.splitlines()[2].split()[1:5] == ["RMSE", "last", "value", "linear"]
    ours, last_value, linear = map(float, outcome.out.splitlines()[14].split()[1:4])
    assert ours < 3 < last_value
    assert linear < 1  # the target is a straight line
    assert OnlineRegressor.load("n.madaline").learner_.n_learned == 300


def test_one_label_beyond_all_bounds_ruins_no_part_but_its_own(run):
    rows = [f"{n % 13},{3 * (n % 13) + 100}" for n in range(600)]
    rows[300] = "1,1e308"
    Path("numbers.csv").write_text("\n".join(["a,b", *rows]))
    words = ["--target", "b", "--task", "regression", "-o", "n.madaline", "--json"]
    facts = json.loads(run("stream", "numbers.csv", *words).out)
    errors = [one["root_mean_squared_error"] for one in facts["segments"]]
    assert errors[6] == pytest.approx(1e308 / 50**0.5)
    assert max(errors[7:]) < 3
    assert facts["all"]["root_mean_squared_error"] == pytest.approx(1e308 / 600**0.5)
    assert OnlineRegressor.load("n.madaline").learner_.n_learned == 600


def test_the_order_of_keys_means_nothing(run):
    rng, lines = random.Random(0), []
    for number in range(100):
        row = {"b": rng.gauss(0, 1), "a": rng.choice(["u", "v"]), "y": rng.choice([0, 1])}
        if number % 3 == 2:
            del row["b"]
        lines.append(row)
    outcomes = []
    for name, turned in (("one.jsonl", False), ("two.jsonl", True)):
        rows = [dict(reversed(row.items())) if turned else row for row in lines]
        Path(name).write_text("\n".join(map(json.dumps, rows)))
        outcomes.append(run("stream", name, "--target", "y", "--json"))
    assert outcomes[0].code == 0, outcomes[0].err
    assert outcomes[0].out == outcomes[1].out


def test_mistakes_are_one_sentence(run, changing):
    outcome = run("stream", changing, "--target", "move", "--time", "dya")
    assert "no column 'dya': did you mean day?" in outcome.sentence
    Path("text.csv").write_text("when,y\nthen,a\nnow,b\n" * 3)
    outcome = run("stream", "text.csv", "--target", "y", "--time", "when")
    assert "--time when holds text" in outcome.sentence
    assert "mvoe" in run("stream", changing, "--target", "mvoe").sentence
    assert "one target" in run("stream", changing, "--target", "move,size").sentence


def test_a_turned_relation_is_told_and_drawn(run, changing):
    outcome = run(
        "stream", changing, "--target", "move", "--time", "day", "--picture", "drift.html"
    )
    assert outcome.code == 0, outcome.err
    printed = " ".join(outcome.out.split())
    assert "Changes: " in printed
    assert "day changes all the time" in printed or "day: median" in printed
    page = Path("drift.html").read_text()
    assert page.count("<svg") == 2
    assert page.count('class="band') >= 2
    refused = run("stream", changing, "--target", "move", "--picture", "drift.doc")
    assert refused.code == 2
    assert "no ending of a picture" in refused.err


@pytest.fixture
def sales() -> list[str]:
    """One table as people write it and as programs do, in the files dressed.csv and plain.csv."""
    rng, names = random.Random(0), ["dressed.csv", "plain.csv"]
    lines = [["age,price,open,income,sold"], ["age,price,open,income,sold"]]
    for _ in range(200):
        age, price, day = rng.randint(18, 90), rng.uniform(100, 9000), rng.randint(1, 28)
        year, month, is_open = rng.randint(1990, 1999), rng.randint(1, 12), rng.random() < 0.5
        income = "high" if price > 3000 + 20 * age else "low"
        first, last = f"{age}", f"{str(is_open).lower()},{income}"
        lines[0].append(f'{first},"${price:,.2f}",{last},{month:02}/{day:02}/{year}')
        lines[1].append(f"{first},{price:.2f},{last},{year}-{month:02}-{day:02}")
    for name, one in zip(names, lines, strict=True):
        Path(name).write_text("\n".join(one))
    return names


def test_numbers_and_dates_in_text_are_read_as_in_a_fit(run, sales):
    printed, models = [], []
    for name in sales:
        words = ["--target", "income", "--time", "sold", "-o", f"{name}.madaline"]
        outcome = run("stream", name, *words)
        assert outcome.code == 0, outcome.err
        printed.append(outcome.out.splitlines()[1:16])
        models.append(OnlineClassifier.load(f"{name}.madaline"))
    assert printed[0] == printed[1]
    assert models[0].learner_.columns.kinds == ["number", "number", "boolean", "moment"]
    dressed = {"age": 40, "price": "$1,234.50", "open": "true", "sold": "04/26/1994"}
    plain = {"age": "40", "price": "1234.50", "open": True, "sold": "1994-04-26"}
    found = []
    for model, x in zip(models, (dressed, plain), strict=True):
        found.append([model.predict_proba_one(x), model.predict_proba([x, x]).tolist()])
        model.learn_one(x, "low").partial_fit([x, x], ["low", "high"])
        found[-1] += [model.predict_proba([plain | {"age": 41}]).tolist()]
    assert found[0] == found[1]


def test_how_text_is_read_is_told_and_may_be_given(run, sales):
    outcome = run("stream", "dressed.csv", "--target", "income", "--time", "sold", "--json")
    assert "price: number, read without $ and thousands separators (,)." in outcome.err
    assert "sold: datetime, read with the month first." in outcome.err
    lines = [f"{3 + row % 9:02}/{4 + row % 8:02}/2026,{row},{'ab'[row % 2]}" for row in range(40)]
    Path("unclear.csv").write_text("\n".join(["day,n,y", *lines]))
    words = ["stream", "unclear.csv", "--target", "y", "--time", "day"]
    sentence = run(*words).sentence
    assert (
        "--time day holds text (dates such as 03/04/2026 may have the day or the month" in sentence
    )
    assert "give its kind with --kind" in sentence
    for kind in ("datetime:day-first", "datetime:month-first"):
        assert run(*words, "--kind", f"day={kind}", "--kind", "n=category").code == 0


def test_a_target_in_text_is_read_by_the_saved_model_too(run):
    rows = "\n".join(f'{n % 13},"${1000 * (n % 13) + 5000:,}"' for n in range(100))
    Path("pay.csv").write_text(f"a,pay\n{rows}")
    words = ["--target", "pay", "--task", "regression", "-o", "n.madaline"]
    assert run("stream", "pay.csv", *words).code == 0
    one, other = (OnlineRegressor.load("n.madaline") for _ in range(2))
    one.learn_one({"a": 3}, "$8,000")
    other.learn_one({"a": 3}, 8000)
    assert one.predict_one({"a": 4}) == other.predict_one({"a": 4})
