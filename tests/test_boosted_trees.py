"""A model with trees: it is saved, explained, exported and updated as a whole."""

from __future__ import annotations

import json
from io import StringIO
from itertools import combinations
from math import factorial

import numpy as np
import pytest
from tests.fits import fitting_of
from tests.grids import some

from madaline import AdaptiveClassifier, AdaptiveRegressor, load
from madaline._apps.cli import main
from madaline._race.trees.racing import _Trees
from madaline._tables.table import Table
from madaline._tell.explain.attributions.comparison import Background, DifferentiableNetworks
from madaline._tell.explain.attributions.parts import Pairs
from madaline._tell.explain.attributions.trees import TreesPart, _Paths
from madaline._tell.explain.scale import scale_of
from madaline._tell.progress.drawn_line import DrawnLine
from madaline._tell.progress.progress import Clock, EventLines
from madaline.errors import InputError, ModelFileError
from madaline.nn.layers import Linear, Trees
from madaline.nn.network import Network
from madaline.records.race_decisions import TreesCompared, TreesLeftOut

N_ROWS = 600
SHUFFLED = np.random.default_rng(0).permutation(80).astype(float)


COLORS = ["red", "green", "blue"]
MORE_COLORS = [*COLORS, *(f"shade {number}" for number in range(10))]


def steps(n_rows=N_ROWS, seed=0, colors=COLORS):
    """Return a table that trees know better than networks: steps along two columns."""
    rng = np.random.default_rng(seed)
    X = {
        "first": rng.normal(size=n_rows),
        "second": np.where(rng.random(n_rows) < 0.1, np.nan, rng.normal(size=n_rows)),
        "third": rng.choice(colors, n_rows).astype(object),
    }
    edges = (X["first"] * 4 % 2 > 1) ^ (np.nan_to_num(X["second"]) > 0.2)
    y = 2.0 * edges + (X["third"] == "red") + 0.1 * rng.normal(size=n_rows)
    return X, y


def labels(y):
    return np.array(["low", "middle", "high"])[np.digitize(y, [0.5, 1.7])]


def rows_of(kind, n_rows=N_ROWS, seed=0):
    """Return a table whose category has a feature for each level, or one for all of them."""
    return steps(n_rows, seed, COLORS if kind == "numbers" else MORE_COLORS)


def fitted(kind, **options):
    X, y = rows_of(kind)
    settings = {"effort": 3, "random_state": 0, **options}
    if kind == "numbers":
        return AdaptiveRegressor(**settings).fit(X, y)
    return AdaptiveClassifier(**settings).fit(X, labels(y))


@pytest.fixture(scope="module")
def numbers():
    return fitted("numbers", keep_rows=300)


@pytest.fixture(scope="module")
def classes():
    return fitted("classes")


@pytest.fixture(params=["numbers", "classes"])
def model(request):
    return request.getfixturevalue(request.param)


def kind_of(model):
    return "numbers" if hasattr(model, "predict_interval") else "classes"


def output_of(model, X):
    return model.predict(X) if hasattr(model, "predict_interval") else model.predict_proba(X)


def trees_of(model):
    return [part for part in model.model_.predictor.parts if has_trees(part)]


def has_trees(part):
    return part.network.of_trees


def decision_of(model):
    compared = [one for one in model.decisions_ if isinstance(one, TreesCompared)]
    assert [one.follow for one in compared] == [True] * (len(compared) - 1) + [False]
    return compared[-1]


def test_trees_join_where_they_help(model):
    decision = decision_of(model)
    assert decision.joined
    assert "join the ensemble" in decision.sentence
    assert decision.sentence in str(model.model_.story(full=True)).replace("\n", " ")
    assert len(trees_of(model)) == 1
    without = fitted(kind_of(model), members="networks")
    assert model.oof_score_ > without.oof_score_


def test_levels_are_one_input_of_trees(numbers, classes):
    assert [type(one) for one in trees_of(numbers)[0].network.layers] == [Trees]
    assert [type(one) for one in trees_of(classes)[0].network.layers] == [Linear, Trees]
    assert trees_of(classes)[0].network.layers[1].in_features == 4


def test_networks_predict_alone_where_that_is_asked_for(tmp_path):
    model = fitted("numbers", members="networks")
    assert not trees_of(model)
    assert not [one for one in model.decisions_ if isinstance(one, (TreesCompared, TreesLeftOut))]
    path = tmp_path / "m"
    model.save(path)
    assert load(path).model_.summary.request.members == "networks"


def test_trees_stay_out_where_they_do_not_help():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    y = X @ [1.0, -2.0, 0.5, 1.0] + 0.1 * rng.normal(size=300)
    model = AdaptiveRegressor(effort=5, random_state=0).fit(X, y)
    decision = decision_of(model)
    assert not decision.joined
    assert "stay out" in decision.sentence
    assert not trees_of(model)


@pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")
@pytest.mark.parametrize(
    ("y", "options", "reason"),
    [
        (np.zeros((80, 2)) + SHUFFLED[:, None], {}, "several targets"),
        (SHUFFLED, {"quantile": (0.1, 0.9), "loss": "quantile"}, "several targets"),
    ],
    ids=["targets", "quantiles"],
)
def test_where_trees_cannot_race_a_sentence_says_so(y, options, reason):
    X = {"a": SHUFFLED % 7.0, "b": SHUFFLED % 3.0}
    model = AdaptiveRegressor(effort=1, random_state=0, **options).fit(X, y)
    left_out = [one for one in model.decisions_ if isinstance(one, TreesLeftOut)]
    assert reason in left_out[0].sentence


def test_an_interrupt_while_trees_grow_is_told(monkeypatch):
    X, y = steps()
    fitting, grow = fitting_of(Table.from_columns(X), y, effort=2), _Trees._grow

    def interrupted(trees, *given):
        fitting.stop()
        grow(trees, *given)

    monkeypatch.setattr(_Trees, "_grow", interrupted)
    list(fitting)
    sentences = [decision.sentence for decision in fitting.decisions]
    assert any("while boosted trees were growing" in one for one in sentences)
    assert [one.rounds for one in fitting.decisions if isinstance(one, TreesCompared)] == [20, 20]
    assert fitting.model().summary.n_networks


@pytest.mark.slow
def test_a_fit_that_is_killed_while_trees_grow_goes_on_with_the_same_bits(tmp_path, monkeypatch):
    monkeypatch.setattr("madaline._race.checkpoint.CHECKPOINT_SECONDS", -1.0)
    monkeypatch.setattr("madaline._race.checkpoint.CHECKPOINT_SHARE", float("inf"))
    (X, y), grow, grown = steps(), _Trees._grow, []
    table, path = Table.from_columns(X), tmp_path / "state"

    def killed(trees, *given):
        grown.append(given)
        if len(grown) == 2:
            raise SystemExit
        grow(trees, *given)

    with monkeypatch.context() as patch:
        patch.setattr(_Trees, "_grow", killed)
        with pytest.raises(SystemExit):
            list(fitting_of(table, y, effort=2, checkpoint=path))
    resumed, whole = fitting_of(table, y, effort=2, checkpoint=path), fitting_of(table, y, effort=2)
    assert resumed.race.finished
    assert not whole.race.finished
    for fitting in (resumed, whole):
        list(fitting)
    assert resumed.decisions == whole.decisions
    assert any(isinstance(one, TreesCompared) and one.joined for one in whole.decisions)
    outputs = [fitting.model().predictor.output(table) for fitting in (resumed, whole)]
    np.testing.assert_array_equal(*outputs)


def test_a_memory_limit_leaves_trees_out():
    X, y = steps()
    fitting = fitting_of(Table.from_columns(X), y, effort=1)
    fitting.training._trees_allowed = lambda n_bytes: n_bytes < 1000
    list(fitting)
    sentences = [decision.sentence for decision in fitting.decisions]
    assert "Boosted trees do not race: there is not enough memory." in sentences


@pytest.mark.slow
def test_dated_rows_are_predicted_by_trees_of_all_of_them():
    X, y = steps()
    X["day"] = np.datetime64("2024-01-01") + np.arange(N_ROWS)
    model = AdaptiveRegressor(effort=3, random_state=0).fit(X, y, time="day")
    (part,) = trees_of(model)
    assert part.theta.shape[1] == 3
    assert (part.theta == part.theta[:, :1]).all()


def test_a_screen_tells_that_trees_grow_and_join():
    (X, y), stream = steps(), StringIO()
    fitting = fitting_of(Table.from_columns(X), y, effort=2)
    lines = EventLines(stream, Clock(fitting.plan))
    with lines:
        for record, decision in fitting:
            lines.line = DrawnLine(stream, redraws=False)  # each line is due
            lines.show(record, decision)
    told = stream.getvalue()
    assert "  boosted trees grow, " in told
    assert "\nBoosted trees joined: the loss of all together fell from " in told


def test_unknown_members_are_refused():
    with pytest.raises(InputError, match="members is 'forest': give 'networks', or 'all'"):
        AdaptiveRegressor(members="forest").fit(*steps(20))


@pytest.mark.slow
def test_any_number_of_processors_gives_the_same_bits():
    X, _ = steps()
    first, second = (output_of(fitted("numbers", n_jobs=n), X) for n in (1, 2))
    np.testing.assert_array_equal(first, second)


def test_a_saved_model_predicts_the_same_bits(model, tmp_path):
    path, (X, _) = tmp_path / "m", rows_of(kind_of(model))
    model.save(path)
    np.testing.assert_array_equal(output_of(load(path), X), output_of(model, X))
    alone = output_of(model, {name: values[:1] for name, values in X.items()})
    np.testing.assert_allclose(alone, output_of(model, X)[:1], atol=1e-5)
    assert main(["info", str(path)]) == 0


def test_a_file_whose_splits_lead_nowhere_is_refused(numbers, tmp_path):
    from madaline._tables.io.tensor_file import MODEL, read_tensor_file, write_tensor_file

    path = tmp_path / "m"
    numbers.save(path)
    description, arrays = read_tensor_file(path)
    places = [has_trees(part) for part in numbers.model_.predictor.parts]
    name = f"part{places.index(True)}.theta"
    arrays = {**arrays, name: arrays[name].copy()}
    arrays[name][0, 0, 0] = 1e6  # the feature of the first split
    write_tensor_file(path, MODEL, description, arrays, check=lambda *_: None)
    with pytest.raises(ModelFileError, match="splits"):
        load(path)


def test_attributions_of_all_columns_add_up(model):
    X, _ = rows_of(kind_of(model))
    some = {name: values[:6] for name, values in X.items()}
    scale = None if hasattr(model, "predict_interval") else "probability"
    for method in ("expected", "integrated", "shapley"):
        explanation = model.explain(some, method=method, scale=scale)
        assert np.abs(explanation.remaining).max() < 1e-3


def test_trees_without_a_split_have_no_paths():
    network = Network((Trees(3, 1, 2, 2),))
    theta = np.zeros(network.layout.size, np.float32)
    of_trees = network.bind(theta)[0]
    of_trees["left"][...] = of_trees["right"][...] = -1
    paths = _Paths(network, theta, np.arange(3))
    assert len(paths.value) == 0
    assert paths.marks(np.zeros((4, 3))).shape == (4, 0)


def test_values_of_trees_are_shapley_values(classes):
    """All sets of columns, each from a row or from another, are predicted one by one."""
    predictor = classes.model_.predictor
    networks = DifferentiableNetworks(predictor, scale_of(predictor, None))
    part = next(one for one in networks.parts if isinstance(one, TreesPart))
    X, _ = rows_of("classes")
    features = predictor.encode(X).features(part.part.n_bins)[:8]
    before, after = features[:4], features[4:]
    n = networks.n_columns
    of_sets = {}
    for size in range(n + 1):
        for known in combinations(range(n), size):
            mixed = np.where(np.isin(part.columns, known), after, before)
            of_sets[frozenset(known)] = part.sums(mixed)[0].astype(float)
    expected = np.zeros((4, n, 3))
    for column in range(n):
        for known, value in of_sets.items():
            if column not in known:
                share = factorial(len(known)) * factorial(n - len(known) - 1) / factorial(n)
                expected[:, column] += share * (of_sets[known | {column}] - value)
    known, marks, four = part.background(before), part.marks(after), np.arange(4)
    pairs = Pairs(four, four, np.zeros(4, int))
    values = part.column_sums(known, marks, pairs)[0]
    np.testing.assert_allclose(values, expected, atol=1e-5)
    gradient = np.random.default_rng(0).normal(size=(1, 4, 3))
    values = part.feature_attributions(gradient, known, marks, pairs) @ part.column_of_feature
    np.testing.assert_allclose(values, np.einsum("no,nco->nc", gradient[0], expected), atol=1e-5)


def test_the_background_of_a_model_alone_will_do(classes):
    predictor = classes.model_.predictor
    assert Background.average(predictor).n_rows == 1
    X, _ = rows_of("classes")
    one = {name: values[:1] for name, values in X.items()}
    assert np.abs(classes.model_.predictor.predict_proba(one).sum() - 1) < 1e-6
    classes.effects(X, "first")
    classes.counterfactuals(one)


def test_an_exported_model_predicts_the_same(model, tmp_path):
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    path, (X, _) = tmp_path / "m.onnx", rows_of(kind_of(model))
    model.to_onnx(path)
    session = runtime.InferenceSession(str(path))
    columns = {name: values[:, None] for name, values in X.items()}
    outputs = session.run(None, columns)
    np.testing.assert_allclose(outputs[-1], output_of(model, X), atol=1e-5)


@pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")
@pytest.mark.parametrize("kind", some(["numbers", "classes"], 1))
def test_an_update_keeps_or_refits_trees(kind, tmp_path):
    model = fitted(kind, keep_rows=300)
    networks = not all(map(has_trees, model.model_.predictor.parts))
    X, y = rows_of(kind, 300, seed=1)
    y = y + 0.8  # all numbers have risen
    model.update(X, y if kind == "numbers" else labels(y))
    (update,) = model.model_.updates
    assert (update.adjusted_loss is not None) == networks
    assert update.anew_loss is not None
    path = tmp_path / "m"
    model.save(path)
    np.testing.assert_array_equal(load(path).predict(X), model.predict(X))


@pytest.mark.slow
def test_the_command_line_takes_trees(tmp_path, capsys):
    pandas = pytest.importorskip("pandas")
    X, y = steps()
    table, path = tmp_path / "t.csv", tmp_path / "m"
    pandas.DataFrame({**X, "y": y}).to_csv(table, index=False)
    given = [str(table), "--target", "y", "--effort", "3", "-o", str(path)]
    assert main(["fit", *given, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["request"]["members"] == "all"
    assert any(member["name"].startswith("boosted trees") for member in facts["members"])
    assert main(["story", str(path), "--full"]) == 0
    assert "Boosted trees join" in capsys.readouterr().out.replace("\n", " ")
