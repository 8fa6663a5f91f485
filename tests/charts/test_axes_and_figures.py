"""Axes have round numbers where they should, and what is drawn lies where it should."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madaline._tables.profile import ColumnProfile
from madaline.records._results.curves import learning_figure, shares_figure
from madaline.records._results.figure import COLORS, Axis, Band, Bars, Cells, Figure, Line
from madaline.records._results.svg import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    bar_svg,
    distribution_svg,
    figure_svg,
)

REAL = st.floats(-1e9, 1e9)


@given(REAL, st.floats(1e-6, 1e9))
def test_ticks_are_few_and_within(low: float, span: float) -> None:
    axis = Axis(low, low + span, "x")
    if axis.high <= axis.low:
        return
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 5
    slack = 1e-6 * span + 1e-9 * abs(low)
    assert all(axis.low - slack <= tick <= axis.high + slack for tick in ticks)


@given(st.floats(1e-6, 1e3), st.floats(1.5, 1e6))
def test_logarithmic_ticks_are_few_and_within(low: float, ratio: float) -> None:
    axis = Axis(low, low * ratio, "x", logarithmic=True)
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 5
    assert all(0 <= axis.position(tick) <= 1 for tick in ticks)


def test_years_have_no_comma() -> None:
    years = Axis(1989.0, 2011.0, "year")
    assert [years.write(tick) for tick in years.ticks()] == ["1990", "1995", "2000", "2005", "2010"]
    assert Axis(1000.0, 5000.0, "mass").write(2000.0) == "2,000"


def test_places_stay_within_the_frame() -> None:
    axis = Axis.around([1.0, float("inf"), 3.0, float("nan")], "x")
    assert (axis.low, axis.high) == (1, 3)
    assert [axis.position(value) for value in (0, 1, 2, 3, 9, float("inf"))] == [0, 0, 0.5, 1, 1, 1]
    assert Axis.around([], "x").position(0.5) == 0.5
    assert Axis.around([2.0, 2.0], "x").position(2.0) == 0.5


def test_a_chart_is_well_formed_and_its_corners_are_in_the_corners() -> None:
    ends = np.array([0.0, 1.0])
    figure = Figure(
        "A <title>",
        'Says "so" & more.',
        "",
        Axis(0, 1, "<x>"),
        Axis(0, 1, "y"),
        (
            Line(ends, ends, "s0"),
            Line(ends[:1], ends[:1], "s1"),
            Band(ends, ends / 5, ends / 2, 0.3),
            Bars(ends, np.array([1])),
            Cells(np.array([0, 0.5, 1]), np.array([[4, 0], [0, 1]])),
        ),
    )
    root = ElementTree.fromstring(figure_svg(figure))
    assert root.find("title").text == "A <title>"
    assert root.find("desc").text == 'Says "so" & more.'
    assert [one.get("fill-opacity") for one in root.iter("rect")] == [None, "1.00", "0.57"]
    assert [one.get("class") for one in root.iter("circle")] == ["dot s1"]
    line = next(one for one in root.iter("path") if one.get("class") == "line s0")
    places = list(map(float, re.findall(r"[\d.]+", line.get("d"))))
    assert places == [LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, TOP]


def test_bars_are_as_long_as_their_numbers_and_stay_in_their_cell() -> None:
    widths = [
        float(ElementTree.fromstring(bar_svg(value, 2.0)).find("rect").get("width"))
        for value in (0.5, 1.0, 2.0, 9.0)
    ]
    assert widths == [30, 60, 120, 120]
    less = ElementTree.fromstring(bar_svg(-1.0, 2.0, both=True, spread=9.0)).find("rect")
    assert (less.get("x"), less.get("width"), less.get("class")) == ("30.0", "30.0", "fill less")


@pytest.mark.parametrize("rows", [{"shares": (0.7, 0.3)}, {"counts": (70, 0, 30)}])
def test_distributions_are_as_high_as_there_are_rows(rows) -> None:
    profile = ColumnProfile("size", "number", 100, 0.0, **rows)
    bars = ElementTree.fromstring(distribution_svg(profile)).findall("rect")
    heights = [float(one.get("height")) for one in bars]
    assert heights == pytest.approx([22, 22 * 3 / 7], abs=0.1)
    assert float(bars[-1].get("x")) == 25 * (len(profile.shares or profile.counts) - 1)


def test_a_column_without_values_has_an_empty_picture() -> None:
    profile = ColumnProfile("size", "number", 0, 0.0)
    assert ElementTree.fromstring(distribution_svg(profile)).findall("rect") == []


def test_snapshots_share_the_curve_of_their_recipe() -> None:
    history = {
        "epoch": [1, 2, 1, 2],
        "recipe_id": ["1", "1", "2", "2"],
        "recipe": ["a", "a", "b", "b"],
        "loss": [3, 1, 4, float("inf")],
    }
    figure = learning_figure(history, [("1", 0.25), ("1", 0.75)])
    assert [(line.style, line.label) for line in figure.legend] == [("s0", "a (100%)")]
    assert "the lowest is 1.0000, at epoch 2." in figure.description
    assert figure_svg(figure).count('class="dot other"') == 1  # one finite loss is a dot


def test_a_history_without_a_finite_loss_is_an_empty_chart() -> None:
    history = {"epoch": [1], "recipe_id": ["1"], "recipe": ["a"], "loss": [float("nan")]}
    figure = learning_figure(history, [("1", 1.0)])
    assert figure.marks == ()
    ElementTree.fromstring(figure_svg(figure))


def test_shares_are_areas_on_top_of_one_another() -> None:
    rows = np.array([1.0, 2.0])
    shares = {"32": np.array([0.2, 0.5]), "512": np.array([0.8, 0.5])}
    figure = shares_figure(rows, shares)
    low, high = (mark for mark in figure.marks if isinstance(mark, Band))
    np.testing.assert_array_equal(low.upper, high.lower)
    np.testing.assert_allclose(high.upper, 1)
    assert figure_svg(figure).count('class="band') == 2
    assert "32: 50%" in figure.description


@pytest.mark.parametrize("months", [2, 9, 15, 40])
def test_dates_at_an_axis_do_not_overlap(months: int) -> None:
    days = np.datetime64("1990-04-13", "s") + np.arange(months) * np.timedelta64(30 * 86_400, "s")
    axis = Axis.around(days.astype(float), "sold", unit="moment")
    line = Line(days, np.arange(months) * 1.0, COLORS[0])
    figure = Figure("Sold", "Sold", "Sold", axis, Axis(0.0, months, "y"), (line,))
    for small in (False, True):
        texts = ElementTree.fromstring(figure_svg(figure, small=small)).iter("text")
        dates = [(float(one.get("x")), one.text) for one in texts if one.text[:2] in ("19", "20")]
        assert dates
        for (before, text), (after, _) in pairwise(dates):
            assert after - before > 6.5 * len(text)
