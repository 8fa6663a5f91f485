"""What a notebook shows of a fitted model."""

from __future__ import annotations

from dataclasses import replace

from madaline._models.diagnosis.finding import Diagnosis, Finding
from madaline._models.model import FittedModel
from madaline._models.story.summary import glance
from madaline.records._results.html import render_html


def test_it_says_scores_and_what_matters_and_escapes_names(fittings) -> None:
    model = FittedModel.load(fittings["regression"][1])
    summary = replace(model.summary, target="<b>price</b>", standard_errors_better=1.0)
    html = render_html(glance(summary))
    assert "&lt;b&gt;price&lt;/b&gt;" in html
    assert "<td>R²" in html
    assert "Not clearly better than the baseline" in html
    assert ">width</td>" not in html
    html_of_model = model._repr_html_()
    assert "<p>Predicts target from" in html_of_model
    assert "R² worse by" in html_of_model
    assert ">width</td>" in html_of_model
    leak = Finding(
        "leak", "high", "<i>", "{subject} reveals {share:.0%}", "drop it", {"share": 0.9}
    )
    html = render_html(
        glance(summary, Diagnosis((leak, replace(leak, severity="low", subject="other"))))
    )
    assert "&lt;i&gt; reveals 90%: drop it." in html
    assert "other reveals" not in html
