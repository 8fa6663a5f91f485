"""shap explains models, and draws explanations of madaline."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

shap = pytest.importorskip("shap", reason="shap is not installed")
matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
matplotlib.use("Agg")

from matplotlib import pyplot  # noqa: E402

from madaline import AdaptiveClassifier  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # those of shap, of pandas and NumPy
X, Y = load_iris(return_X_y=True, as_frame=True)
MIXED = X.assign(color=np.where(Y == 1, "red", "blue"), wet=Y == 2)
MIXED.loc[::7, ["color", "petal length (cm)"]] = None
PLOTS = {
    "beeswarm": lambda explained: shap.plots.beeswarm(explained, show=False),
    "bar": lambda explained: shap.plots.bar(explained, show=False),
    "heatmap": lambda explained: shap.plots.heatmap(explained, show=False),
    "waterfall": lambda explained: shap.plots.waterfall(explained[0], show=False),
    "scatter": lambda explained: shap.plots.scatter(explained, show=False),
    "color": lambda explained: shap.plots.scatter(explained[:, 0], color=explained, show=False),
    "force": lambda explained: shap.plots.force(explained[0], matplotlib=True, show=False),
    "violin": lambda explained: shap.plots.violin(explained, show=False),
    "cohorts": lambda explained: shap.plots.bar(explained.cohorts(2).abs.mean(0), show=False),
}


@pytest.fixture(scope="module")
def model():
    return AdaptiveClassifier(effort=5, random_state=0).fit(X, Y)


@pytest.fixture(scope="module")
def mixed():
    return AdaptiveClassifier(effort=5, random_state=0).fit(MIXED, Y).explain(MIXED[:40]).to_shap()


def test_kernel_explainer_takes_a_model_of_a_frame(model):
    values = shap.KernelExplainer(model.predict_proba, X[::15]).shap_values(X[:2], nsamples=20)
    reached = values.sum(axis=1) + model.predict_proba(X[::15]).mean(axis=0)
    np.testing.assert_allclose(reached, model.predict_proba(X[:2]), atol=1e-6)


@pytest.mark.parametrize("plot", PLOTS)
def test_numbers_are_drawn_by_all_plots(model, plot):
    PLOTS[plot](model.explain(X[::4]).to_shap())
    pyplot.close("all")


@pytest.mark.parametrize("plot", [plot for plot in PLOTS if plot not in ("violin", "cohorts")])
def test_text_gaps_and_booleans_are_drawn(mixed, plot):
    PLOTS[plot](mixed)
    pyplot.close("all")


def test_all_classes_at_once(model):
    first, *others = [model.explain(X[::10], target_class=label) for label in model.classes_]
    explained = first.to_shap(*others)
    assert explained.shape == (15, 4, 3)
    assert explained.output_names == ["0", "1", "2"]
    shap.plots.beeswarm(explained[:, :, "2"], show=False)
    shap.summary_plot(explained, X[::10], show=False)
    pyplot.close("all")
    assert pd.Series(explained.base_values[0]).notna().all()
