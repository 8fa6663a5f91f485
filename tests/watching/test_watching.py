"""A monitor finds changes that were planted, says what and since when, and is quiet otherwise."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from madaline import AdaptiveClassifier, AdaptiveRegressor, load
from madaline._models.watching.alarm import Alarm, describe
from madaline._models.watching.detectors import _REFERENCE_SIZE, Detection, Detectors, WatchedSignal
from madaline._models.watching.monitor import Monitor
from madaline._models.watching.reference import Alternatives, Reference
from madaline._tables.io.tensor_file import MODEL, MONITOR, read_tensor_file, write_tensor_file
from madaline.errors import InputError, ModelFileError


def rows(seed: int, n_rows: int = 2000) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        "width": rng.normal(10, 2, n_rows),
        "length": rng.exponential(size=n_rows),
        "pieces": rng.poisson(1.5, n_rows).astype(float),
        "city": rng.choice(["Bonn", "Kiel", "Ulm"], n_rows, p=[0.6, 0.3, 0.1]).astype(object),
        "day": np.datetime64("2026-01-01", "us") + rng.integers(0, 10**13, n_rows),
    }


def numbers(columns: dict[str, Any], seed: int = 99) -> Any:
    rng = np.random.default_rng(seed)
    n_rows = len(columns["width"])
    kiel = (columns["city"] == "Kiel").astype(float)
    return columns["width"] + 3 * kiel + 0.5 * rng.normal(size=n_rows)


def classes(columns: dict[str, Any], seed: int = 99) -> Any:
    return np.where(numbers(columns, seed) > 11, "high", "low")


@pytest.fixture(scope="module")
def classifier() -> AdaptiveClassifier:
    columns = rows(0)
    return AdaptiveClassifier(effort=3, random_state=0).fit(columns, classes(columns))


@pytest.fixture(scope="module")
def regressor() -> AdaptiveRegressor:
    columns = rows(0)
    return AdaptiveRegressor(effort=3, random_state=0).fit(columns, numbers(columns))


def shifted(columns: dict[str, Any]) -> dict[str, Any]:
    return columns | {"width": columns["width"] + 2}


def appeared(columns: dict[str, Any]) -> dict[str, Any]:
    new = np.arange(len(columns["city"])) % 25 == 0
    return columns | {"city": np.where(new, "Zell", columns["city"])}


def emptied(columns: dict[str, Any]) -> dict[str, Any]:
    gone = np.arange(len(columns["length"])) % 10 == 0
    return columns | {"length": np.where(gone, np.nan, columns["length"])}


def later(columns: dict[str, Any]) -> dict[str, Any]:
    return columns | {"day": columns["day"] + np.timedelta64(60, "D")}


def wider(columns: dict[str, Any]) -> dict[str, Any]:
    return columns | {"pieces": 3 * columns["pieces"]}


@pytest.mark.parametrize(
    ("change", "what", "name", "words"),
    [
        (shifted, "values", "width", "median 9.93 before, "),
        (appeared, "values", "city", "new level 'Zell', "),
        (emptied, "missing", "length", "share of missing values 0.00% before, "),
        (later, "values", "day", "median 2026-03-01 before, 2026-"),
        (wider, "values", "pieces", "before"),
    ],
)
def test_a_change_of_a_column_is_found_and_named(classifier, change, what, name, words) -> None:
    monitor = classifier.watch()
    assert len(monitor.observe(rows(1, 800))) == 0
    found = monitor.observe(change(rows(2, 800)))
    (alarm, *_) = [one for one in found if (one.what, one.name) == (what, name)]
    assert abs(alarm.since - 801) < 60
    assert alarm.since <= alarm.row < 1300
    assert words in alarm.sentence
    assert monitor.alarms == found


def test_swapped_labels_are_found_as_errors_and_overconfidence(classifier) -> None:
    monitor, good, bad = classifier.watch(), rows(1, 600), rows(2, 300)
    assert not monitor.observe(good, classes(good))
    swapped = np.where(classes(bad) == "high", "low", "high")
    found = monitor.observe(bad, swapped)
    assert {one.what for one in found} >= {"errors", "calibration"}
    error = next(one for one in found if one.what == "errors")
    assert error.before < 0.5 < 1 < error.now
    assert "log loss" in error.sentence
    assert "update the model" in error.remedy


def test_a_bias_of_numbers_is_found_with_labels_that_come_later(regressor) -> None:
    monitor, columns = regressor.watch(), rows(1, 900)
    truth = numbers(columns)
    truth[500:] += 1
    keys = [f"row {number}" for number in range(900)]
    monitor.observe(columns, keys=keys)
    assert monitor.n_labels == 0
    for start in range(0, 900, 300):
        monitor.learn(keys[start : start + 300], truth[start : start + 300])
    (alarm, *_) = [one for one in monitor.alarms if one.what == "calibration"]
    assert abs(alarm.since - 501) < 30
    assert alarm.now - alarm.before == pytest.approx(1, abs=0.5)
    with pytest.raises(InputError, match="under the key 'row 3'"):
        monitor.learn("row 3", 1.0)


def test_a_change_of_a_column_tells_what_it_does_to_the_loss(regressor) -> None:
    monitor, columns = regressor.watch(), rows(1, 600)
    monitor.observe(columns, numbers(columns))
    columns = rows(2, 300)
    truth = numbers(columns)
    columns = shifted(columns)  # the sensor is wrong, not the world
    for start in range(0, 300, 5):
        some = slice(start, start + 5)
        monitor.observe({k: v[some] for k, v in columns.items()}, truth[some])
    alarm = next(one for one in monitor.alarms if one.name == "width")
    assert alarm.loss_now > 1.5 * alarm.loss_before > 0
    assert " Mean absolute error 0." in alarm.sentence


def test_a_label_of_an_unknown_class_counts_as_an_error(classifier) -> None:
    monitor, columns = classifier.watch(), rows(1, 200)
    found = monitor.observe(columns, np.full(200, "huge", object))
    assert {one.what for one in found} >= {"errors", "calibration"}


def test_blocks_and_single_rows_raise_the_same_alarms(classifier) -> None:
    columns, labels = appeared(shifted(rows(3, 700))), classes(rows(3, 700))
    whole, parts = classifier.watch(), classifier.watch()
    whole.observe(columns, labels)
    bounds = [0, 1, 2, 130, 131, 600, 700]
    for start, stop in pairwise(bounds):
        some = slice(start, stop)
        parts.observe({k: v[some] for k, v in columns.items()}, labels[some])
    told = [(one.what, one.name, one.row, one.since) for one in whole.alarms]
    assert told
    assert sorted(told) == sorted((o.what, o.name, o.row, o.since) for o in parts.alarms)


def test_a_part_of_a_frame_is_watched_and_stays_as_it_is(classifier) -> None:
    """Arrays of a pandas frame may not be written to."""
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pd.DataFrame(rows(1, 400)).astype({"city": object})
    before = frame.copy()
    assert not classifier.watch().observe(frame.iloc[100:300], classes(rows(1, 400))[100:300])
    pd.testing.assert_frame_equal(frame, before)


def test_after_an_alarm_the_changed_rows_are_what_is_usual(classifier) -> None:
    monitor = classifier.watch()
    monitor.observe(shifted(rows(1, 3000)))
    widths = [one for one in monitor.alarms if one.name == "width"]
    assert len(widths) == 1
    back = monitor.observe(rows(2, 1000))
    (alarm,) = [one for one in back if one.name == "width"]
    assert alarm.before == pytest.approx(12, abs=0.5)
    assert alarm.now == pytest.approx(10, abs=0.7)


def test_accepted_changes_are_what_is_usual(classifier) -> None:
    monitor = classifier.watch()
    monitor.observe(rows(1, 100))
    monitor.accept()
    assert len(monitor.observe(shifted(rows(2, 3000)))) == 0
    assert any(one.name == "width" for one in monitor.observe(rows(3, 1000)))


def test_a_saved_monitor_goes_on_to_the_same_bits(classifier, tmp_path) -> None:
    monitor, path = classifier.watch(false_alarms=500), tmp_path / "monitor"
    columns = appeared(shifted(rows(1, 900)))
    known = np.where(np.arange(900) < 5, None, classes(columns))
    monitor.observe(columns, known, keys=range(900))
    monitor.save(path)
    classifier.save(tmp_path / "model")
    resumed = load(tmp_path / "model").watch(file=path)
    assert repr(resumed) == repr(monitor)
    more = rows(5, 900)
    for one in (monitor, resumed):
        one.learn(3, "high")
        one.observe(more, classes(more))
    assert monitor.alarms == resumed.alarms
    monitor.save(path)
    resumed.save(tmp_path / "again")
    assert path.read_bytes() == (tmp_path / "again").read_bytes()


def test_the_file_does_not_grow(classifier, tmp_path) -> None:
    monitor, sizes = classifier.watch(), []
    for seed in range(2):
        monitor.observe(rows(seed, 6000))
        monitor.save(tmp_path / "monitor")
        sizes.append((tmp_path / "monitor").stat().st_size)
    assert sizes[1] < sizes[0] + 10_000


def test_files_that_are_no_monitor_of_this_model_are_refused(
    classifier, regressor, tmp_path
) -> None:
    path = tmp_path / "monitor"
    classifier.watch().save(path)
    with pytest.raises(ModelFileError, match="of another model"):
        regressor.watch(file=path)
    classifier.save(tmp_path / "model")
    with pytest.raises(ModelFileError, match="not a monitor of madaline"):
        classifier.watch(file=tmp_path / "model")


@pytest.mark.parametrize("place", range(12))
def test_a_malformed_file_is_refused_in_a_sentence(classifier, tmp_path, place) -> None:
    path, monitor = tmp_path / "monitor", classifier.watch()
    monitor.observe(rows(1, 50), keys=range(50))
    monitor.save(path)
    state, arrays = read_tensor_file(path, MONITOR)
    arrays = {name: array.copy() for name, array in arrays.items()}
    MALFORMED[place](state, arrays)
    write_tensor_file(path, MONITOR, state, arrays, check=lambda *_: None)
    with pytest.raises(ModelFileError, match=r"monitor is (damaged|whole, but not)"):
        classifier.watch(file=path)


def fill(name: str, value: float) -> Any:
    return lambda _, arrays: arrays[name].__setitem__(..., value)


MALFORMED: list[Any] = [
    lambda state, _: state.pop("n_rows"),
    lambda state, _: state.update(extra=1),
    lambda state, _: state["banks"]["rows"]["began"].pop(),
    lambda state, _: state["new_levels"].pop(),
    lambda state, _: state["rngs"][0].update(bit_generator="MT19937"),
    lambda state, _: state["pending_rows"].pop(),
    lambda _, arrays: arrays.pop("rows.ring"),
    fill("rows.0.edges", 1.0),
    fill("rows.0.counts", -1.0),
    fill("rows.0.state", np.nan),
    fill("rows.3.codes", 10**9),
    fill("rows.ring", 1e300),
]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda facts: facts["means"].pop(), "has facts of other predictions"),
        (lambda facts: facts["profile"].pop(), "has facts of other predictions"),
        (lambda facts: facts["profile"][0].update(name="x"), "has facts of other predictions"),
        (lambda facts: facts["profile"][0].update(edges=[1.0, 0.0]), "edges"),
        (lambda facts: facts.update(extra=1), "unknown"),
    ],
)
def test_malformed_facts_in_a_model_are_refused(classifier, tmp_path, change, words) -> None:
    classifier.save(tmp_path / "model")
    state, arrays = read_tensor_file(tmp_path / "model")
    change(state["unseen_facts"])
    write_tensor_file(tmp_path / "model", MODEL, state, arrays, check=lambda *_: None)
    with pytest.raises(ModelFileError, match=words):
        load(tmp_path / "model")


def test_of_an_old_model_only_columns_are_watched(classifier, tmp_path) -> None:
    classifier.save(tmp_path / "model")
    state, arrays = read_tensor_file(tmp_path / "model")
    del state["unseen_facts"]
    write_tensor_file(tmp_path / "model", MODEL, state, arrays, check=lambda *_: None)
    monitor = load(tmp_path / "model").watch()
    assert repr(monitor).startswith("Watching 5 columns: ")
    monitor.observe(rows(1, 200), np.full(200, "huge", object))
    found = monitor.observe(shifted(rows(2, 200)), np.full(200, "huge", object))
    assert {one.name for one in found} == {"width"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.observe(rows(1, 5), ["high"]), "1 labels for 5 rows"),
        (lambda m: m.observe(rows(1, 5), keys=[1]), "1 keys for 5 rows"),
        (lambda m: m.observe(rows(1, 1), keys=[1.5]), "A key is 1.5, but must be a short text"),
        (lambda m: m.observe({"width": [1.0]}), "length"),
        (lambda m: m.learn([1, 2], ["high"]), "1 labels for 2 rows"),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(classifier, change, words) -> None:
    monitor = classifier.watch()
    with pytest.raises(InputError, match=words):
        change(monitor)
    assert monitor.n_rows == 0


@pytest.mark.parametrize("false_alarms", [0, -1, 1, np.nan, "many"])
def test_a_rate_that_is_none_is_refused(classifier, false_alarms) -> None:
    with pytest.raises(InputError, match="false_alarms is"):
        classifier.watch(false_alarms=false_alarms)


def test_a_model_of_three_classes_is_watched(tmp_path) -> None:
    columns = rows(0, 600)
    label = np.digitize(numbers(columns), [9, 12])
    model = AdaptiveClassifier(effort=2, random_state=0).fit(columns, label)
    monitor: Monitor = model.watch()
    names = [signal.name for signal in monitor.rows.signals if signal.what == "predictions"]
    assert names == ["predicted target", "probability of the predicted target"]
    assert sum(
        signal.share for bank in (monitor.rows, monitor.labels) for signal in bank.signals
    ) == (pytest.approx(1))
    found = monitor.observe(shifted(rows(1, 800)), np.zeros(800, int))
    assert {"values", "predictions", "errors"} <= {one.what for one in found}


def test_what_is_watched_is_told(classifier) -> None:
    monitor = classifier.watch()
    assert repr(monitor).startswith("Watching 5 columns, predictions, errors, calibration: 0 rows")
    monitor.observe(shifted(rows(1, 400)))
    assert "width: median" in repr(monitor)
    assert "width: median" in monitor._repr_html_()
    assert monitor.alarms.to_columns()["name"]


@pytest.mark.parametrize(
    ("kind", "start", "value"), [("number", 0.0, "0"), ("datetime", 1.7e9, "2023-11-14 22:13:20")]
)
@pytest.mark.parametrize("change", ["shift", "spread"])
def test_where_a_median_stays_a_share_is_told(kind, start, value, change) -> None:
    signal = WatchedSignal("values", "visits", kind, 1.0)
    reference = signal.reference(start + np.repeat([0.0, 1.0, 2.0, 3.0], [180, 10, 5, 5]))
    values = start + np.repeat([0.0, 1.0, 7.0], [8, 1, 1])
    found = Detection(0, 30, 14, change, -1, reference, values)
    source = SimpleNamespace(formats={}, loss_name="", of_labels=())
    alarm = describe(found, signal, Detectors([], 100.0), source)
    assert alarm.sentence.startswith(
        f"visits: share above {value} 10.00% before, 20.00% since row 14. Check where"
    )
    assert Alarm.from_json(alarm.to_json()) == alarm


def test_ranks_of_unchanged_values_are_uniform() -> None:
    rng = np.random.default_rng(0)
    for values in (rng.normal(size=3000), rng.poisson(1, 3000).astype(float), np.zeros(3000)):
        reference = Reference.of_numbers(values[:1000])
        cells = reference.cells(values[1000:])
        ranks = reference.ranks(cells, np.zeros(len(reference.counts)), rng.random(2000))
        counts = np.histogram(ranks, 20, (0, 1))[0]
        assert np.sum((counts - 100) ** 2 / 100) < 45  # chi-squared of 19 degrees: 0.1 %


def test_bets_pay_back_the_stake_on_average_without_a_change() -> None:
    fixed = [Alternatives.of_numbers(), Alternatives.of_losses()]
    for one in [*fixed, Alternatives.of_shares(np.array([0.7, 0.2, 0.0, 0.0999, 0.0001]))]:
        widths = np.diff([0, *one.edges, 1])
        np.testing.assert_allclose(one.densities @ widths, 1)
        assert len(one.names) == len(one.densities)


@pytest.mark.parametrize("kind", ["number", "level"])
def test_false_alarms_are_as_rare_as_promised(kind) -> None:
    rng = np.random.default_rng(0)
    draw = rng.normal if kind == "number" else lambda size: rng.choice(5, size).astype(float)
    signals, alarms = [WatchedSignal("values", str(k), kind, 0.25) for k in range(4)], 0
    for _ in range(10):
        references = [one.reference(draw(size=400)) for one in signals]
        bank = Detectors([*zip(signals, references, strict=True)], 500)
        n_rows = np.arange(1, 2001)
        alarms += len(bank.add(draw(size=(2000, 4)), n_rows, rng.random((2000, 4))))
    assert 0 < alarms <= 40  # 20,000 rows


def test_without_a_reference_the_first_values_become_it() -> None:
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(size=(1500, 1)), 1 + rng.normal(size=(300, 1))])
    bank = Detectors([(WatchedSignal("values", "x", "number", 1.0), None)], 10_000)
    (found, *_) = bank.add(values, np.arange(1800), rng.random((1800, 1)))
    assert _REFERENCE_SIZE < 1480 < found.since < 1520
    assert found.change == "shift"


def test_ties_that_chance_breaks_oddly_are_no_alarm() -> None:
    rng = np.random.default_rng(0)
    bank = Detectors([(WatchedSignal("missing", "x", "level", 1.0), None)], 2)
    values = np.zeros((5000, 1))
    assert bank.add(values, np.arange(5000), rng.random((5000, 1))) == []
    assert bank.references[0] is not None


@pytest.mark.parametrize(
    "key", [True, "x" * 201, "\ud800", 2**64, 10**5001, None, 1.5], ids=range(7)
)
def test_keys_that_no_file_can_hold_are_refused(classifier, key) -> None:
    monitor = classifier.watch()
    with pytest.raises(InputError, match=r"A key is .* a short text or a whole number of 64"):
        monitor.observe(rows(1, 1), keys=[key])
    assert monitor.n_rows == 0
    monitor.observe(rows(1, 3), keys=["x" * 200, -(2**63), 2**64 - 1])


@pytest.mark.parametrize("label", [np.inf, -np.inf, 1e308, "1e308"])
def test_labels_beyond_all_measure_are_refused(regressor, label) -> None:
    monitor = regressor.watch()
    with pytest.raises(InputError, match="A label is"):
        monitor.observe(rows(1, 1), [label])
    assert monitor.n_rows == 0
    monitor.observe(rows(1, 1), keys=["a"])
    with pytest.raises(InputError, match="A label is"):
        monitor.learn("a", label)
    monitor.learn("a", 12.5)


def test_an_unknown_class_is_refused_and_the_right_one_taken_then(classifier, tmp_path) -> None:
    monitor, known = classifier.watch(), classifier.classes_.tolist()
    monitor.observe(rows(1, 3), keys=["a", "b", "c"])
    monitor.save(tmp_path / "before")
    for keys, given in (("a", "hihg"), (["b", "a"], [known[0], "hihg"])):
        with pytest.raises(InputError, match="The label 'hihg' is none of the classes that the mo"):
            monitor.learn(keys, given)
    monitor.save(tmp_path / "after")
    assert (tmp_path / "after").read_bytes() == (tmp_path / "before").read_bytes()
    monitor.learn("a", known[0])
    assert monitor.n_labels == 1


def test_long_new_levels_are_known_by_their_beginning(classifier, tmp_path) -> None:
    monitor, path = classifier.watch(), tmp_path / "monitor"
    odd = np.array(["x" * 200_000, "\ud800", "Zell"] * 100, object)
    monitor.observe(rows(1, 300) | {"city": odd})
    monitor.save(path)
    resumed = classifier.watch(file=path)
    for one in (monitor, resumed):
        one.observe(rows(2, 300) | {"city": odd})
    assert monitor.alarms == resumed.alarms
    assert max(len(alarm.level) for alarm in monitor.alarms) <= 200
    monitor.save(path)
    resumed.save(tmp_path / "again")
    assert path.read_bytes() == (tmp_path / "again").read_bytes()


def test_what_could_not_be_read_again_leaves_the_older_state(classifier, tmp_path) -> None:
    monitor, path = classifier.watch(), tmp_path / "monitor"
    monitor.observe(rows(1, 50))
    monitor.save(path)
    before = path.read_bytes()
    monitor.losses.sums[0] = np.inf
    with pytest.raises(InputError, match="is not written, as no file can hold it"):
        monitor.save(path)
    assert path.read_bytes() == before
