"""A network as a picture: units are circles, weights are lines; as data, and as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import chain
from typing import final

import numpy as np

from madaline._base.language import _
from madaline._base.words import clip_text
from madaline.nn.arrays import Array

MAX_UNITS = 12  # units of a layer that are drawn, at most; the last place says how many are not


@final
@dataclass(frozen=True)
class Unit:
    """A circle: an input, a hidden unit or an output."""

    layer: int  # inputs are layer 0
    place: float  # from the middle of the layer downward, in circles
    name: str
    bias: float | None = None  # inputs have none


@final
@dataclass(frozen=True)
class Connection:
    """A line: a weight."""

    source: Unit
    target: Unit
    weight: float
    size: float  # from 0 to 1, as a share of the largest weight


@final
@dataclass(frozen=True)
class Diagram:
    """The units and weights of a network that are drawn."""

    units: tuple[Unit, ...]
    connections: tuple[Connection, ...]  # the smallest first, so that large ones are on top
    hidden: tuple[tuple[int, float, str], ...]  # layer, place, and how many units are not drawn
    captions: tuple[str, ...]  # of each layer
    largest: float  # of the weights, without its sign
    rows: int  # circles of the longest layer

    @classmethod
    def of(
        cls,
        weights: Sequence[Array],  # of each layer, (in_features, out_features)
        biases: Sequence[Array],  # of each layer, (out_features,)
        captions: Sequence[str],  # of each layer, inputs included
        *,
        inputs: Sequence[str] | None = None,  # names of the inputs
        outputs: Sequence[str] | None = None,  # names of the outputs
    ) -> Diagram:
        """Return the diagram of a network.

        >>> network = [np.array([[0.5], [-2.0]])], [np.zeros(1)]
        >>> diagram = Diagram.of(*network, ["2 inputs", "1 output"])
        >>> [(line.source.name, line.weight, line.size) for line in diagram.connections]
        [('input 1', 0.5, 0.25), ('input 2', -2.0, 1.0)]
        """
        sizes = [len(weights[0]), *(len(bias) for bias in biases)]
        names = [
            inputs or _numbered("input", sizes[0]),
            *(_numbered("unit", size) for size in sizes[1:-1]),
            outputs or _numbered("output", sizes[-1]),
        ]
        shifts = [[None] * sizes[0], *(bias.tolist() for bias in biases)]
        layers = list(map(_units, range(len(sizes)), names, shifts))
        drawn = list(map(len, layers))
        largest = _largest(map(_top_left, weights, drawn, drawn[1:]))
        connections = [
            Connection(source, target, value, _share(value, largest))
            for layer, weight in enumerate(weights)
            for row, source in enumerate(layers[layer])
            for target, value in zip(layers[layer + 1], weight[row].tolist(), strict=False)
        ]
        counts = enumerate(zip(sizes, drawn, strict=True))
        hidden = [
            (layer, (MAX_UNITS - 1) / 2, _("and {size} more").format(size=size - count))
            for layer, (size, count) in counts
            if size > count
        ]
        return cls(
            tuple(chain(*layers)),
            tuple(sorted(connections, key=lambda line: line.size)),
            tuple(hidden),
            tuple(captions),
            largest,
            min(MAX_UNITS, max(sizes)),
        )


def _numbered(what: str, count: int) -> list[str]:
    return [f"{what} {number + 1}" for number in range(count)]


def _units(layer: int, names: Sequence[str], biases: Sequence[float | None]) -> list[Unit]:
    """Return the circles of a layer: all of few units, and room for the rest of many."""
    size = len(biases)
    top = -(min(size, MAX_UNITS) - 1) / 2
    count = size if size <= MAX_UNITS else MAX_UNITS - 1
    return [Unit(layer, top + row, names[row], biases[row]) for row in range(count)]


def _top_left(weight: Array, n_rows: int, n_columns: int) -> Array:
    return weight[:n_rows, :n_columns]


def _largest(weights: Iterator[Array]) -> float:
    """Return the largest finite weight without its sign, 0 if there is none."""
    finite = (np.abs(weight[np.isfinite(weight)]) for weight in weights)
    return max((float(values.max(initial=0.0)) for values in finite), default=0.0)


def _share(weight: float, largest: float) -> float:
    return min(1.0, abs(weight) / largest) if np.isfinite(weight) and largest else 0.0


_COLUMN, _ROW = 150, 26  # units of the picture from layer to layer, and from circle to circle
_LEFT, _RIGHT, _TOP, _BOTTOM = 104, 104, 34, 12  # room for the names of inputs and outputs
_RADIUS = 8
_NAME = 15  # characters of a name that are shown, at most


def diagram_svg(diagram: Diagram) -> str:
    """Return a network as SVG; the name and the numbers of what the mouse points at are shown."""
    width = _LEFT + _COLUMN * (len(diagram.captions) - 1) + _RIGHT
    height = _TOP + _ROW * diagram.rows + _BOTTOM
    middle = _TOP + _ROW * diagram.rows / 2
    shown = ", ".join(diagram.captions)
    return "".join(
        [
            f'<svg class="chart network" role="img" viewBox="0 0 {width} {height}"'
            f' style="max-width:{width}px">',
            _("<title>The network</title><desc>Layers: {layers}.</desc>").format(
                layers=escape(shown)
            ),
            *(_line(connection, middle) for connection in diagram.connections),
            *(_circle(unit, middle, len(diagram.captions) - 1) for unit in diagram.units),
            *(
                _text("middle", _across(layer), middle + _ROW * place + 4, words)
                for layer, place, words in diagram.hidden
            ),
            *(
                _text("middle", _across(layer), 16, caption)
                for layer, caption in enumerate(diagram.captions)
            ),
            "</svg>",
        ]
    )


def diagram_key(diagram: Diagram) -> str:
    """Return as HTML what the lines of the picture mean."""
    return _(
        "Lines are weights, {positive} or {negative}; the widest is {largest:.3g}. Point at a line or a circle to see its number."
    ).format(
        positive=f'<span class="key">{escape(_("positive"))}</span>',
        negative=f'<span class="key s1">{escape(_("negative"))}</span>',
        largest=diagram.largest,
    )


def _line(connection: Connection, middle: float) -> str:
    """Return a weight as a line, in a wider one that cannot be seen but is easy to point at."""
    source, target = connection.source, connection.target
    x1, x2 = _across(source.layer) + _RADIUS, _across(target.layer) - _RADIUS
    y1, y2 = middle + _ROW * source.place, middle + _ROW * target.place
    path = f'd="M{x1} {y1:g}L{x2} {y2:g}"'
    style = "less" if connection.weight < 0 else "more"
    shade = f'stroke-width="{0.4 + 4 * connection.size:.2f}"'
    shade += f' stroke-opacity="{0.25 + 0.75 * connection.size:.2f}"'
    title = _("weight from {start} to {end}: {weight:.4g}").format(
        start=source.name, end=target.name, weight=connection.weight
    )
    return (
        f'<g class="weight {style}"><title>{escape(title)}</title><path class="near" {path}/>'
        f"<path {shade} {path}/></g>"
    )


def _circle(unit: Unit, middle: float, last: int) -> str:
    x, y = _across(unit.layer), middle + _ROW * unit.place
    bias = "" if unit.bias is None else _(": bias {bias:.4g}").format(bias=unit.bias)
    name = ""
    if unit.layer == 0:
        name = _text("end", x - _RADIUS - 5, y + 4, clip_text(unit.name, _NAME))
    elif unit.layer == last:
        name = _text("start", x + _RADIUS + 5, y + 4, clip_text(unit.name, _NAME))
    return (
        f'<g class="unit"><title>{escape(unit.name + bias)}</title>'
        f'<circle cx="{x}" cy="{y:g}" r="{_RADIUS}"/>{name}</g>'
    )


def _across(layer: int) -> int:
    return _LEFT + _COLUMN * layer


def _text(style: str, x: float, y: float, words: str) -> str:
    return f'<text class="{style}" x="{x:g}" y="{y:g}">{escape(words)}</text>'
