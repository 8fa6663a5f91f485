"""What a notebook shows of a fitted model."""

from __future__ import annotations

from dataclasses import replace

from madaline.model import FittedModel
from madaline.story.glance import glance


def test_it_says_scores_and_what_matters_and_escapes_names(fittings) -> None:
    model = FittedModel.load(fittings["regression"][1])
    summary = replace(model.summary, target="<b>price</b>", standard_errors_better=1.0)
    html = glance(summary)
    assert "&lt;b&gt;price&lt;/b&gt;" in html
    assert "R² (1 is perfect)" in html
    assert "What matters: width" in html
    assert "Not clearly better than a constant" in html
    assert model._repr_html_().startswith("<p>Predicts <b>target</b>")
