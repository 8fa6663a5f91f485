"""Scores that have the target's unit are written in it, and stored as plain numbers."""

from __future__ import annotations

from dataclasses import replace

from madaline._models.story.forward import tell_last_known, tell_stretches
from madaline._race.evaluation.score import Score
from madaline._race.time.forward import ForwardScores, Stretch
from madaline._tables.formats.number_format import NumberFormat

YUAN = NumberFormat("¥", before="￥", after="万", power=4)
ERROR = Score("rmse", 704_580.0, 61_226.0, 3_679_038.0, False)


def test_an_error_has_the_unit_of_the_target() -> None:
    for metric in ("rmse", "mean_absolute_error", "mean_pinball_loss"):
        score = replace(ERROR, metric=metric).in_unit(YUAN)
        assert score.cells[1:] == ("￥70.5万 ± ￥6.1万", "￥367.9万")
        assert str(score).endswith("￥70.5万 ± ￥6.1万 (baseline: ￥367.9万)")


def test_a_score_without_a_unit_has_none() -> None:
    plain = ("705,000 ± 61,000", "3,679,000")
    assert ERROR.cells[1:] == ERROR.in_unit(None).cells[1:] == plain
    for metric in ("r2", "d2_pinball_score", "mean_poisson_deviance", "log_loss"):
        assert replace(ERROR, metric=metric).in_unit(YUAN).cells[1:] == plain


def test_the_unit_is_not_stored() -> None:
    assert ERROR.in_unit(YUAN).to_json() == ERROR.to_json()
    assert "written" not in ERROR.to_json()


def test_sentences_of_later_rows_have_the_unit() -> None:
    stretches = [Stretch(10 * k, 10 * k + 9, 10, 50, 7e5, 4e6, 5e5) for k in range(4)]
    forward = ForwardScores("year", False, "rmse", tuple(stretches), trend=3e4).in_unit(YUAN)
    told = tell_last_known(forward, of_numbers=True, lags=True)
    assert "its root mean squared error is ￥50.0万, theirs ￥70.0万." in told
    shown = " ".join(tell_stretches(forward, ERROR.in_unit(YUAN)))
    assert "is ￥70万; ￥400万 with a constant; ￥50万 with the last known value." in shown
    assert "expect a root mean squared error of ￥70.5万 ± ￥6.1万." in shown
