"""The online estimators, as scikit-learn and river use estimators."""

from __future__ import annotations

import importlib
import pickle
import sys
from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from madaline import OnlineClassifier, OnlineRegressor, load
from madaline._models.model import FittedModel
from madaline._models.online.columns import MAX_LETTERS
from madaline._tables.io.tensor_file import ONLINE, read_tensor_file, write_tensor_file
from madaline.errors import InputError, ModelFileError
from madaline.records.model_decisions import LeadChanged


def rows(n_rows, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "size": rng.standard_normal(n_rows),
            "color": rng.choice(["red", "blue", None], n_rows),
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 900, n_rows), "h"),
        }
    )


def labels(X):
    return np.where((X["size"] > 0) | (X["color"] == "red"), "yes", "no")


def records(X):
    return X.astype(object).where(X.notna(), None).to_dict("records")


def test_a_frame_with_everything():
    X = rows(1000)
    model = OnlineClassifier(random_state=0).partial_fit(X, labels(X))
    new = rows(300, seed=1)
    assert model.score(new, labels(new)) > 0.9
    proba = model.predict_proba(new)
    assert proba.shape == (300, 2)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert model.classes_.tolist() == ["no", "yes"]
    assert model.feature_names_in_.tolist() == ["size", "color", "day"]


def test_rows_one_by_one_in_the_manner_of_river():
    X = rows(600)
    model, hits = OnlineClassifier(random_state=0), 0
    for x, y in zip(records(X), labels(X), strict=True):
        probabilities = model.predict_proba_one(x)
        hits += bool(probabilities) and max(probabilities, key=probabilities.get) == y
        model.learn_one(x, y)
    assert hits > 0.8 * 600
    assert len(model.pending_) == 0


def test_nothing_is_predicted_before_the_first_label():
    model = OnlineClassifier()
    assert model.predict_proba_one({"a": 1.0}) == {}
    assert model.predict_one({"a": 1.0}) is None
    assert OnlineRegressor().predict_one({"a": 1.0}) == 0.0
    with pytest.raises(NotFittedError, match="partial_fit or learn_one"):
        OnlineClassifier().predict([[1.0]])


def test_labels_may_come_late_by_key():
    X = rows(100)
    y, xs = labels(X), records(X)
    model = OnlineClassifier(random_state=0).partial_fit(X, y)
    for key in ("a", "b"):
        model.predict_one(xs[3], key=key)
    model.learn("b", y[3]).learn("a", y[3])
    with pytest.raises(InputError, match="under the key 'a'"):
        model.learn("a", y[3])


def test_classes_may_be_announced_or_appear():
    X = rows(200)
    model = OnlineClassifier(random_state=0).partial_fit(X, labels(X), classes=["no", "yes", "?"])
    assert model.predict_proba(X).shape == (200, 3)
    model.partial_fit(X, np.full(200, "later"))
    assert model.classes_.tolist() == ["?", "later", "no", "yes"]
    with pytest.raises(InputError, match="'yes', which is not among classes"):
        OnlineClassifier().partial_fit(X, labels(X), classes=["no"])


def test_missing_columns_are_missing_values_and_unknown_ones_are_left_out():
    X = rows(200)
    model = OnlineClassifier(random_state=0).partial_fit(X, labels(X))
    assert len(model.predict(X.drop(columns="day"))) == 200
    np.testing.assert_array_equal(model.predict(X.assign(weight=1.0)), model.predict(X))
    with pytest.raises(
        InputError, match="none of the columns of the stream, 'size', 'color', 'day'"
    ):
        model.predict({"weight": [1.0]})


def changing_rows(n_rows):
    """Return rows from which columns come and go; the first is empty."""
    rng = np.random.default_rng(2)
    complete = [
        {
            "a": float(rng.standard_normal()),
            "b": str(rng.choice(["u", "v"])),
            "c": bool(rng.random() < 0.5),
            "x9": float(rng.standard_normal()),
            "x10": date(2026, 1, 1 + int(rng.integers(20))),
        }
        for _ in range(n_rows)
    ]
    return [{}] + [{k: v for k, v in row.items() if rng.random() < 0.6} for row in complete]


def test_columns_come_and_go_in_any_order(tmp_path):
    kept, path = changing_rows(200), tmp_path / "stream.madaline"
    y = ["yes" if row.get("a", 0) > 0 else "no" for row in kept]
    model, turned = OnlineClassifier(random_state=0), OnlineClassifier(random_state=0)
    for number, (row, label) in enumerate(zip(kept, y, strict=True)):
        reverse = dict(reversed(row.items()))
        assert turned.predict_proba_one(reverse) == model.predict_proba_one(row)
        model.learn_one(row, label)
        turned.learn_one(reverse, label)
        if number == 30:
            turned.save(path)
            turned = OnlineClassifier.load(path)
    assert sorted(model.feature_names_in_) == ["a", "b", "c", "x10", "x9"]
    assert model.n_features_in_ == 5
    assert len(model.pending_) == 0
    assert sum(model.predict_one(row) == label for row, label in zip(kept, y, strict=True)) > 170


def test_a_table_may_have_its_columns_in_any_order():
    X = rows(300)
    one, other = (
        OnlineClassifier(random_state=0).partial_fit(X[names], labels(X)).predict_proba(X)
        for names in (["size", "color", "day"], ["day", "size", "color"])
    )
    np.testing.assert_array_equal(one, other)


def test_a_column_comes_while_a_row_waits():
    model = OnlineRegressor(random_state=0).partial_fit({"a": [1.0, 2.0]}, [1, 2])
    model.predict_one({"a": 1.5, "b": 3.0}, key="first")
    model.learn_one({"a": 1.0, "c": 5.0}, 1.0)
    model.learn("first", 1.5)
    assert model.learner_.columns.names == ["a", "c", "b"]
    np.testing.assert_array_equal(
        model.learner_.replay.raw[2:4], [[1, 5, np.nan], [1.5, np.nan, 3]]
    )


def test_a_new_column_does_not_change_what_is_predicted_without_it():
    X = rows(300)
    y = np.where(X["size"] > 0, 1.0, -1.0)
    model = OnlineRegressor(random_state=0).partial_fit(X, y)
    before = model.learner_.predict(model._read_table(X, first=False)).members
    learner = model.learner_
    learner.networks.step = lambda *_: None
    model.learn_one({"weight": 3.0, "size": 0.5}, 0.5)
    learner.inputs.history.means[:] = 0  # the latest labels are among the inputs of some
    after = learner.predict(model._read_table(X, first=False)).members
    few = slice(0, learner.scales.n_without)
    np.testing.assert_allclose(after[few], before[few], rtol=1e-5, atol=1e-6)
    wide = learner.predict(model._read_table(X.assign(weight=3.0), first=False)).members
    np.testing.assert_allclose(wide[few], before[few], rtol=1e-5, atol=1e-6)


def test_the_same_seed_gives_the_same_bits():
    X = rows(300)
    one, other = (
        OnlineClassifier(random_state=3).partial_fit(X, labels(X)).predict_proba(X)
        for _ in range(2)
    )
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("estimator", [OnlineClassifier, OnlineRegressor])
def test_a_saved_learner_goes_on_to_the_same_bits(estimator, tmp_path):
    X, more = rows(400), rows(200, seed=5)
    y, y_more = (
        labels(one) if estimator is OnlineClassifier else one["size"] * 3 + 10 for one in (X, more)
    )
    model = estimator(random_state=0).partial_fit(X, y)
    model.save(tmp_path / "stream.madaline")
    again = estimator.load(tmp_path / "stream.madaline")
    np.testing.assert_array_equal(again.predict(more), model.predict(more))
    model.partial_fit(more, y_more), again.partial_fit(more, y_more)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.feature_names_in_.tolist() == ["size", "color", "day"]
    loaded = load(tmp_path / "stream.madaline")
    assert type(loaded) is estimator
    assert loaded.get_params() == {"missing": None, "max_regimes": 16, "random_state": 0}
    with pytest.raises(ModelFileError, match="is an online model: load it in Python"):
        FittedModel.load(tmp_path / "stream.madaline")
    other = OnlineRegressor if estimator is OnlineClassifier else OnlineClassifier
    with pytest.raises(ModelFileError, match=f"load it with {estimator.__name__}"):
        other.load(tmp_path / "stream.madaline")


def test_decisions_are_kept_in_words(tmp_path):
    X, path = rows(60), tmp_path / "stream.madaline"
    model = OnlineClassifier(random_state=0).partial_fit(X, labels(X))
    assert len(model.decisions_) == 0
    learner = model.learner_
    short = (learner.scales.horizons[:, 0] == 32) / np.sum(learner.scales.horizons == 32)
    learner.leads.follow(short, 2060, n_new=2000)
    assert model.decisions_[0].sentence.startswith("Since row 2,060 the networks that remember 32")
    model.save(path)
    assert OnlineClassifier.load(path).decisions_ == model.decisions_


@pytest.mark.parametrize("rows_now", [-1.5, "many"])
def test_a_file_with_malformed_decisions_is_refused(rows_now, tmp_path):
    X, path = rows(60), tmp_path / "stream.madaline"
    OnlineClassifier(random_state=0).partial_fit(X, labels(X)).save(path)
    description, arrays = read_tensor_file(path, ONLINE)
    decision = LeadChanged(9, "memory", 32, 0.6, 512).to_json()
    for decisions, loads in (([decision], True), ([decision | {"rows": rows_now}], False)):
        leads = description["leads"] | {"decisions": decisions}
        write_tensor_file(
            path, ONLINE, description | {"leads": leads}, arrays, check=lambda *_: None
        )
        if loads:
            assert len(OnlineClassifier.load(path).decisions_) == 1
            continue
        with pytest.raises(ModelFileError, match=r"not as madaline .* writes it"):
            OnlineClassifier.load(path)


def test_estimators_of_river_need_river(monkeypatch):
    monkeypatch.setitem(sys.modules, "river", None)
    monkeypatch.delitem(sys.modules, "madaline.river", raising=False)
    with pytest.raises(ImportError, match="needs river: install it with `pip install river`"):
        importlib.import_module("madaline.river")


def test_fit_starts_anew():
    X = rows(200)
    announced = OnlineClassifier(random_state=0).partial_fit(
        X, labels(X), classes=["no", "yes", "?"]
    )
    model = announced.fit(X, labels(X))
    assert model.classes_.tolist() == ["no", "yes"]
    first = model.predict_proba(X)
    np.testing.assert_array_equal(model.fit(X, labels(X)).predict_proba(X), first)


def test_a_regressor_refuses_labels():
    X = rows(20)
    with pytest.raises(InputError, match=r"there is text .*OnlineClassifier for"):
        OnlineRegressor().partial_fit(X, labels(X))
    with pytest.raises(InputError, match="holds nan, which is no finite number"):
        OnlineRegressor().learn_one({"a": 1.0}, float("nan"))
    with pytest.raises(InputError, match="The label is None"):
        OnlineClassifier().learn_one({"a": 1.0}, None)


def test_a_long_stream_takes_no_more_memory():
    model = OnlineRegressor(random_state=0)
    rng, sizes = np.random.default_rng(0), []
    for _ in range(3):
        X = rng.standard_normal((4500, 2))
        model.partial_fit(X, X[:, 0])
        learner = model.learner_
        sizes.append(learner.replay.x.nbytes + learner.inputs.recent.ring.nbytes)
    assert sizes[0] == sizes[1] == sizes[2]


@pytest.mark.parametrize("damage", ["theta", "encoder.spreads", "replay.x", "column.steps"])
def test_a_file_whose_parts_do_not_fit_is_refused(damage, tmp_path):
    X, path = rows(60), tmp_path / "stream.madaline"
    OnlineClassifier(random_state=0).partial_fit(X, labels(X)).save(path)
    description, arrays = read_tensor_file(path, ONLINE)
    own = arrays[damage]
    for wrong in (own[:-1], np.zeros(own.shape, np.int8), np.full(own.shape, np.inf, own.dtype)):
        write_tensor_file(
            path, ONLINE, description, arrays | {damage: wrong}, check=lambda *_: None
        )
        with pytest.raises(ModelFileError, match=r"not as madaline .* writes it"):
            OnlineClassifier.load(path)


@pytest.mark.parametrize("part", ["task", "columns", "encoder", "n_added", "leads", "rng"])
def test_a_file_that_lacks_a_part_is_refused(part, tmp_path):
    X, path = rows(60), tmp_path / "stream.madaline"
    OnlineClassifier(random_state=0).partial_fit(X, labels(X)).save(path)
    description, arrays = read_tensor_file(path, ONLINE)
    for wrong in ({}, {"kind": "nothing"}, 3, None):
        write_tensor_file(path, ONLINE, description | {part: wrong}, arrays, check=lambda *_: None)
        with pytest.raises(ModelFileError, match=r"not as madaline .* writes it"):
            OnlineClassifier.load(path)


@pytest.mark.parametrize(
    ("row", "label", "words"),
    [
        ({"size": 1.0}, date(2026, 11, 29), "The label is datetime.date.*give a class as text"),
        ({"size": 1.0}, b"yes", "The label is b'yes'"),
        ({"size": 1.0}, "\ud800", "A label is .*ud800"),
        ({"size": 1.0}, "x" * 100_001, "A label is 'xxxx.*text of at most 100,000 characters"),
        ({"size": 1.0}, 10**5001, "The label is a whole number of 16,613 bits"),
        ({"size": 10**400}, "yes", "Column 'size' holds an infinity"),
        ({"\ud800": 1.0}, "yes", "The name of a column is .*give it another name"),
        ({"x" * 100_001: 1.0}, "yes", "The name of a column is 'xxxx"),
    ],
    ids=range(8),
)
def test_what_no_file_can_hold_is_refused_when_it_is_learned(row, label, words):
    with pytest.raises(InputError, match=words) as refused:
        OnlineClassifier().learn_one(row, label)
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize("weight", [1e30, 1e308])
def test_a_weight_whose_square_overflows_is_refused(weight, tmp_path):
    X = rows(60)
    model = OnlineClassifier(random_state=0).partial_fit(X, labels(X))
    with pytest.raises(InputError, match="weight is"):
        model.partial_fit(X, labels(X), sample_weight=np.full(60, weight))
    model.partial_fit(X, labels(X), sample_weight=np.full(60, 1e12)).save(tmp_path / "s.madaline")


def test_levels_that_no_file_can_hold_share_a_code(tmp_path):
    model, path = OnlineClassifier(random_state=0), tmp_path / "stream.madaline"
    odd = ["red", "x" * 100_001, "\ud800", *(f"{number}" * 99_999 for number in range(10, 80))]
    for number, level in enumerate(odd):
        model.learn_one({"color": level}, number % 2)
    model.save(path)
    again = OnlineClassifier.load(path)
    for level in [*odd, "new"]:
        for one in (model, again):
            one.learn_one({"color": level}, 1)
        assert again.predict_proba_one({"color": level}) == model.predict_proba_one(
            {"color": level}
        )
    assert sum(map(len, again.learner_.columns.levels[0])) <= MAX_LETTERS


def test_what_could_not_be_read_again_leaves_the_older_file(tmp_path):
    X, path = rows(60), tmp_path / "stream.madaline"
    model = OnlineClassifier(random_state=0).partial_fit(X, labels(X))
    model.save(path)
    before = path.read_bytes()
    model.learner_.networks.population.theta[0, 0] = np.nan
    with pytest.raises(InputError, match=r"not written.*theta holds a number that is not finite"):
        model.save(path)
    assert path.read_bytes() == before


def test_a_regressor_without_a_label_is_saved(tmp_path):
    model, path = OnlineRegressor(random_state=0), tmp_path / "stream.madaline"
    assert model.predict_one({"size": 1.0}) == 0
    model.save(path)
    learned = OnlineRegressor.load(path).learn_one({"size": 1.0}, 3.0)
    assert learned.predict_one({"size": 1.0}) == pytest.approx(3)


DRESSED = {
    "price": ["$1,234.50", "$7.25", "n/a", "$12"],
    "day": ["31/01/2026", "03/04/2026", "05/06/2026", None],
    "city": ["Bonn", "Kiel", "Bonn", "n/a"],
    "count": ["3", "4", "5", "3"],
}


def test_the_text_of_a_first_table_is_read_as_in_a_fit(tmp_path):
    model = OnlineClassifier(random_state=0).partial_fit(DRESSED, ["a", "b", "a", "b"])
    assert model.learner_.columns.kinds == ["number", "moment", "category", "category"]
    model.save(tmp_path / "stream.madaline")
    again = OnlineClassifier.load(tmp_path / "stream.madaline")
    plain = {"price": 99.0, "day": np.datetime64("2026-02-01"), "city": "Bonn", "count": "3"}
    text = plain | {"price": "$99.00", "day": "01/02/2026"}
    assert again.predict_proba_one(plain) == again.predict_proba_one(text)
    again.learn_one(text, "a").partial_fit([text], ["b"])
    with pytest.raises(InputError, match=r"'price' must hold a number such as \$1,234.5"):
        again.predict_one(text | {"price": "1,2"})


def test_text_of_one_row_is_a_category_unless_it_leaves_no_doubt():
    first = {"price": "$1,234", "day": "2026-11-29", "size": "5.5", "unclear": "03/04/2026"}
    model = OnlineClassifier(random_state=0).learn_one(first, "a")
    assert model.learner_.columns.kinds == ["number", "moment", "category", "category"]
    model.learn_one({"price": 99.5, "day": "Jan 31, 2026", "size": "large"}, "b")
    later = OnlineClassifier(random_state=0).learn_one({"price": None}, "a")
    assert later.predict_one({"price": "€5"}) == "a"
    assert later.learner_.columns.kinds == [None]
    assert later.learn_one({"price": "€5"}, "b").learner_.columns.kinds == ["number"]


def test_a_label_that_came_before_the_kind_of_a_column_is_known_counts_with_its_value():
    model = OnlineRegressor(random_state=0).partial_fit({"a": [1.0, 2.0], "b": [None] * 2}, [1, 2])
    model.predict_one({"a": 1.5, "b": "$5"}, key="first")
    model.learn_one({"a": 1.0, "b": "$7"}, 1.0)
    model.learn("first", 1.5)
    assert model.learner_.replay.raw[3, 1] == 5


def test_targets_in_text_are_numbers():
    X = {"a": [1.0, 2.0, 3.0]}
    model = OnlineRegressor(random_state=0).partial_fit(X, ["1.234,5", "2.000", "1.000,5"])
    same = OnlineRegressor(random_state=0).partial_fit(X, [1234.5, 2000, 1000.5])
    for one, label in ((model, "1.500"), (same, 1500)):
        one.learn_one({"a": 2.0}, label)
    assert model.predict_one({"a": 2.5}) == same.predict_one({"a": 2.5})
    assert model.fit(X, ["1.5", "2.5", "3.5"]).learner_.task.written is not None


def test_a_monitor_reads_text_as_its_model_does():
    model = OnlineClassifier(random_state=0).partial_fit(DRESSED, ["a", "b", "a", "b"])
    monitor = model.watch()
    monitor.observe(DRESSED, ["a", "b", "a", "b"])
    assert np.nanmax(monitor.rows.recent.ring[:, 0]) == 1234.5


def test_named_words_and_numbers_are_missing_and_kept(tmp_path):
    X = rows(300)
    y = X["size"] > 0
    X.loc[::9, "size"] = -999
    X["color"] = X.color.fillna("tbc")
    named = OnlineClassifier(missing=["tbc", -999], random_state=0).partial_fit(X, y)
    gaps = X.assign(size=X["size"].replace(-999, np.nan), color=X.color.replace("tbc", None))
    plain = OnlineClassifier(random_state=0).partial_fit(gaps, y)
    assert np.array_equal(named.predict_proba(X), plain.predict_proba(gaps))
    named.save(tmp_path / "m.madaline")
    loaded = OnlineClassifier.load(tmp_path / "m.madaline")
    assert loaded.missing == ["tbc", "-999"]
    row = {"size": -999, "color": "tbc"}
    assert loaded.predict_one(row) == plain.predict_one({"size": None, "color": None})


@pytest.mark.parametrize("delay", [0, 3])
def test_the_first_rows_wait_under_their_keys_too(delay):
    rows = [({"x": float(number % 5), "city": "ab"[number % 2]}, number % 2) for number in range(9)]
    model, plain = OnlineClassifier(random_state=0), OnlineClassifier(random_state=0)
    for key, (x, _) in enumerate(rows):
        assert (model.predict_one(x, key=key) is None) == (key <= delay)
        if key >= delay:
            model = pickle.loads(pickle.dumps(model)).learn(key - delay, rows[key - delay][1])
    assert len(model.pending_) == delay
    if not delay:
        for x, y in rows:
            plain.predict_one(x)
            plain.learn_one(x, y)
        assert plain.predict_proba_one(rows[0][0]) == model.predict_proba_one(rows[0][0])


def test_labels_of_several_types_stay_what_they_are():
    model = OnlineClassifier(random_state=0)
    for number in range(40):
        model.learn_one({"x": number % 2}, [0, "0"][number % 2])
    assert model.classes_.tolist() == [0, "0"]
    assert model.predict({"x": [0, 1]}).tolist() == [0, "0"]
    assert [model.predict_one({"x": x}) for x in (0, 1)] == [0, "0"]
    table = OnlineClassifier(random_state=0).partial_fit({"x": [0, 1] * 20}, [0, "0"] * 20)
    assert table.classes_.tolist() == [0, "0"]
    assert table.predict({"x": [0, 1]}).tolist() == [0, "0"]
    with pytest.raises(ValueError, match="continuous"):
        table.partial_fit({"x": [0, 1, 2]}, [0.5, 1.25, "0"])
