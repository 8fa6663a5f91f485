"""The picture of a network has a circle for each unit and a line for each weight, some of many."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest

from madaline.records._results.diagram import MAX_UNITS, Diagram, diagram_svg

SVG = "{http://www.w3.org/2000/svg}"


def diagram(*sizes: int, value: float | None = None, **names) -> Diagram:
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=shape) for shape in pairwise(sizes)]
    if value is not None:
        weights[0][0, 0] = value
    biases = [np.arange(size, dtype=float) for size in sizes[1:]]
    return Diagram.of(weights, biases, [f"{size} units" for size in sizes], **names)


def drawn(picture: Diagram) -> ET.Element:
    """Return the SVG; it must be well-formed."""
    return ET.fromstring(
        diagram_svg(picture).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    )


def test_every_unit_and_weight_of_a_small_network_is_drawn_with_its_number() -> None:
    picture = diagram(2, 3, 1)
    svg = drawn(picture)
    titles = [group.findtext(f"{SVG}title") for group in svg.iter(f"{SVG}g")]
    assert len(titles) == 2 * 3 + 3 * 1 + 2 + 3 + 1
    first = next(line for line in picture.connections if line.source.layer == 0)
    name = f"weight from {first.source.name} to {first.target.name}: {first.weight:.4g}"
    assert name in titles
    assert "unit 3: bias 2" in titles
    assert "input 1" in titles


def test_the_widest_line_is_the_largest_weight_and_signs_have_colors() -> None:
    picture = diagram(3, 4, 2)
    largest = picture.connections[-1]
    assert largest.size == 1
    assert abs(largest.weight) == picture.largest
    signs = [line.weight < 0 for line in picture.connections]
    groups = [one.get("class") for one in drawn(picture).iter(f"{SVG}g")][: len(signs)]
    assert [style == "weight less" for style in groups] == signs
    assert 0 < sum(signs) < len(signs)


def test_of_many_units_some_are_drawn_and_the_others_counted() -> None:
    picture = diagram(MAX_UNITS, 100, 1)
    layers = [unit.layer for unit in picture.units]
    assert [layers.count(layer) for layer in (0, 1, 2)] == [MAX_UNITS, MAX_UNITS - 1, 1]
    assert [words for _, _, words in picture.hidden] == [f"and {100 - MAX_UNITS + 1} more"]
    places = [unit.place for unit in picture.units if unit.layer == 1]
    assert max(places) < picture.hidden[0][1]
    assert len(diagram_svg(diagram(500, 500, 500, 10))) < 150_000


def test_names_are_written_and_escaped() -> None:
    svg = drawn(diagram(2, 2, 1, inputs=["a<b", "x" * 40], outputs=["yes & no"]))
    texts = [text.text for text in svg.iter(f"{SVG}text")]
    assert "a<b" in texts
    assert "yes & no" in texts
    assert max(map(len, texts)) <= 15


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_what_is_not_finite_is_drawn_as_a_thin_line(value: float) -> None:
    picture = diagram(1, 1, value=value)
    assert [line.size for line in picture.connections] == [0]
    assert picture.largest == 0
    drawn(picture)
