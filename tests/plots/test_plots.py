"""Plots show the numbers of what they are plots of, on the axes that they are given."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits

from madaline import AdaptiveClassifier, AdaptiveRegressor, compare, plots, sounds
from madaline._models.model import FittedModel
from madaline._tables.table import Table
from madaline._tell.explain import explain
from madaline._tell.explain.effects import effects
from madaline._tell.report.explained import ExplainedRow
from madaline.errors import InputError, LaterRowsWarning, MadalineError

matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")


@pytest.fixture(autouse=True)
def no_window():
    """Draw into memory, and let go of every figure."""
    matplotlib.use("agg")
    yield
    from matplotlib import pyplot

    pyplot.close("all")


@pytest.fixture(scope="module")
def models(fittings) -> dict[str, FittedModel]:
    """A model of each task."""
    return {task: FittedModel.load(path) for task, (_, path) in fittings.items()}


def test_history_has_a_line_for_each_recipe(models) -> None:
    model = models["binary"]
    axes = drawn(plots.plot_history(model))
    assert len(axes.lines) == len({record.recipe for record in model.records})
    losses = sorted(loss for line in axes.lines for loss in line.get_ydata())
    assert losses == sorted(record.loss for record in model.records)


def test_importances_have_a_bar_for_each_column(models) -> None:
    model = models["regression"]
    axes = drawn(plots.plot_importances(model, most=3))
    widths = [bar.get_width() for bar in axes.patches]
    assert widths == [one.value for one in model.summary.importances[:3]][::-1]


def test_effects_are_curves_or_bars(models, make_columns) -> None:
    columns, _ = make_columns("regression")
    curve = effects(models["regression"], columns, "width")
    axes = drawn(plots.plot_effect(curve))
    assert np.array_equal(axes.lines[0].get_ydata(), curve.prediction)
    levels = effects(models["regression"], columns, "city")
    assert len(drawn(plots.plot_effect(levels)).patches) == len(levels.values)
    partial = effects(models["regression"], columns, "width", kind="partial")
    assert len(drawn(plots.plot_effect(partial)).lines) == 101


def test_explanations_have_a_bar_for_each_column(models, make_columns) -> None:
    columns, _ = make_columns("binary")
    explanation = explain(models["binary"], Table.from_columns(columns).take(slice(3)))
    axes = drawn(plots.plot_explanation(explanation, row=2))
    widths = sorted(bar.get_width() for bar in axes.patches)
    assert widths == pytest.approx(sorted(explanation.attributions[2]))
    assert "log-odds" in axes.get_xlabel()


def test_classes_have_confusions_curves_and_calibration(models) -> None:
    model = models["multiclass"]
    numbers = [int(text.get_text()) for text in drawn(plots.plot_confusion(model)).texts]
    assert sum(numbers) == model.summary.n_evaluated
    assert len(drawn(plots.plot_roc(model)).lines) == 1 + len(model.quality.curves)
    precision = drawn(plots.plot_precision(model.quality))
    curves = [line for line in precision.lines if line.get_linestyle() == "-"]
    assert [list(line.get_ydata()) for line in curves] == [
        list(one.precision) for one in model.quality.curves
    ]
    assert len(precision.get_legend().get_texts()) == len(curves)
    calibration = drawn(plots.plot_calibration(model)).lines[1]
    assert tuple(calibration.get_ydata()) == model.quality.observed


def test_numbers_have_truths_and_errors_on_given_axes(models) -> None:
    from matplotlib.pyplot import subplots

    _, (left, right) = subplots(1, 2)
    assert plots.plot_truth(models["regression"], left) is left
    assert plots.plot_errors(models["regression"], right) is right
    drawn(left)
    middle = right.lines[1].get_ydata()  # the first is zero
    assert list(middle) == [levels[2] for levels in models["regression"].quality.errors]


def test_what_cannot_be_plotted_is_said(models, monkeypatch) -> None:
    with pytest.raises(InputError, match="plot_truth does"):
        plots.plot_roc(models["regression"])
    with pytest.raises(InputError, match="plot_roc does"):
        plots.plot_truth(models["binary"])
    with pytest.raises(InputError, match="AdaptiveClassifier holds no fitted model"):
        plots.plot_history(AdaptiveClassifier())
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(MadalineError, match=r"`pip install matplotlib` \(the extra plot"):
        plots.plot_history(models["binary"])


def drawn(axes):
    """Draw the axes for real, and return them."""
    axes.figure.canvas.draw()
    return axes


def test_a_map_is_drawn_beside_its_image() -> None:
    X, y = load_digits(n_class=2, return_X_y=True)
    images = X[:60].reshape(-1, 8, 8)
    model = AdaptiveClassifier(effort=2, random_state=0).fit(images, y[:60])
    explanation = model.explain(images[:2])
    picture, drawn_map = plots.plot_map(explanation, 1)
    np.testing.assert_array_equal(drawn_map.images[0].get_array(), explanation.maps["image"][1])
    assert picture.images[0].get_array().shape == (8, 8)
    assert "log-odds of" in drawn_map.get_title()
    with pytest.raises(InputError, match="no map of 'face': there are 'image'"):
        plots.plot_map(explanation, column="face")
    with pytest.raises(InputError, match="ax holds 1 of the 2 axes"):
        plots.plot_map(explanation, ax=picture)


def test_a_map_needs_images(models, make_columns) -> None:
    columns, _ = make_columns("binary")
    explanation = explain(models["binary"], Table.from_columns(columns).take(slice(1)))
    with pytest.raises(InputError, match="of no images"):
        plots.plot_map(explanation)


@pytest.mark.parametrize("kind", ["sequence", "sound"])
def test_steps_of_a_sequence_and_of_a_sound_are_drawn(kind):
    rng = np.random.default_rng(0)
    waves = [np.sin(np.arange(n) * (0.3 + 0.4 * (n % 2))) for n in rng.integers(600, 700, 40)]
    labels = [len(wave) % 2 for wave in waves]
    X = sounds(waves, 8000) if kind == "sound" else [wave[: len(wave) // 20] for wave in waves]
    explanation = AdaptiveClassifier(effort=3, random_state=0).fit(X, labels).explain(X[:2])
    left, right = plots.plot_map(explanation)
    assert len(left.lines) == 1
    ((_, steps),) = explanation.maps.items()
    np.testing.assert_allclose(right.images[0].get_array(), steps[0].T)
    told = ExplainedRow.of(explanation, 0).to_json()
    assert told["columns"][0]["value"] == (
        X[0].words if kind == "sound" else f"{len(X[0])} steps of 1 number"
    )
    assert (told["maps"][0]["picture"] is None) == (kind == "sound")


def test_a_monitor_has_its_loss_and_a_line_for_each_change(models, make_columns) -> None:
    monitor = models["regression"].watch()
    columns, target = make_columns("regression")
    monitor.observe(columns, 100 + target)
    axes = drawn(plots.plot_watch(monitor))
    assert monitor.alarms
    assert len(axes.lines) == len(monitor.alarms) + 1
    assert "<svg" in monitor._repr_html_()
    with pytest.raises(InputError, match="no monitor"):
        plots.plot_watch(models["regression"])


def test_a_comparison_has_a_bar_for_each_method_but_the_constant(make_columns) -> None:
    columns, target = make_columns("regression")
    compared = compare(columns, target, models=["linear", "neighbors"], folds=2, n_jobs=1)
    losses, seconds = plots.plot_comparison(compared)
    names = [label.get_text() for label in losses.get_yticklabels()]
    assert names == [result.title for result in reversed(compared.results[:2])]
    middles = [line.get_xdata()[0] for line in losses.lines if len(line.get_xdata()) == 1]
    assert middles == [result.difference for result in compared.results[:2]]
    assert seconds.get_xscale() == "log"


def test_the_metric_over_time_is_drawn_beside_what_is_promised(dated_model, models) -> None:
    axes = drawn(plots.plot_over_time(dated_model))
    forward = dated_model.summary.forward
    lines = {line.get_label(): line.get_ydata().tolist() for line in axes.lines}
    assert lines["networks"] == forward.values().tolist()
    assert lines["promised next"] == [9.8, 9.8]
    with pytest.raises(InputError, match="have no time: give fit the column"):
        plots.plot_over_time(models["regression"])


@pytest.fixture(scope="module")
def of_shops():
    """A model of six shops of different sizes, by months."""
    rng = np.random.default_rng(0)
    month = np.tile(np.arange("2018-01", "2023-01", dtype="datetime64[M]"), 6)
    shop, step = np.repeat(np.arange(6), 60), np.tile(np.arange(60), 6)
    noise = (1 + 4 * (shop == 3)) * rng.normal(0, 0.1, len(shop))
    sales = 10.0**shop * (5 + np.sin(step * np.pi / 6) + noise)
    X = {"month": month, "shop": np.array([*"abcdef"])[shop]}
    fit = AdaptiveRegressor(effort=10, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LaterRowsWarning)
        return fit.fit(X, sales, time="month", series="shop", lags=[1, 12], horizon=6)


def test_a_forecast_is_drawn_behind_what_is_known(of_shops) -> None:
    axes = plots.plot_forecast(of_shops)
    assert len(axes) == 4
    assert axes[0].get_title().endswith(", d")  # the hardest
    axes = drawn(plots.plot_forecast(of_shops, "b"))
    known, ahead = axes.lines
    forecast = of_shops.forecast()
    np.testing.assert_array_equal(ahead.get_ydata(), forecast["target"][forecast["shop"] == "b"])
    assert len(known.get_ydata()) == 36
    assert known.get_xdata()[-1] == np.datetime64("2022-12-01")
    assert ahead.get_xdata()[0] == np.datetime64("2023-01-01")
    assert len(axes.collections) == 3


def test_a_forecast_of_later_rows_begins_behind_them(of_shops) -> None:
    later = {"month": ["2023-01-01"], "shop": ["b"], "target": [70.0]}
    known, ahead = plots.plot_forecast(of_shops, "b", horizon=2, X=later).lines
    assert known.get_ydata()[-1] == 70
    assert ahead.get_xdata()[0] == np.datetime64("2023-02-01")


def test_a_forecast_of_no_series_is_refused(of_shops, models) -> None:
    with pytest.raises(InputError, match="No forecast of the series 'x': there are a, b, c"):
        plots.plot_forecast(of_shops, ["a", "x"])
    with pytest.raises(InputError, match="has no lags"):
        plots.plot_forecast(models["regression"])


def test_the_report_of_series_has_their_fans(of_shops, tmp_path) -> None:
    of_shops.report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.count("The shaded intervals hold 50%, 80%, 95% of new values.") == 4
