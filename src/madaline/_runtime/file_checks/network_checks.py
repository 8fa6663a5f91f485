"""What the description of a network must be, and that its layers fit each other."""

from __future__ import annotations

from math import prod

from madaline._data.json_checks import (
    Check,
    Either,
    Fields,
    Forward,
    Kinds,
    ListOf,
    Malformed,
    Number,
    Row,
    Whole,
)
from madaline.nn.layers import LAYERS, Branches, Convolution, Layer, Linear, Pooling, ScaledLinear
from madaline.nn.network import Network

SIZE, FEATURE = Whole(1, 2**24), Whole(0, 2**24)
GRID = ListOf(Whole(1, 4096), least=1, most=2)
RATE = Number(0, 1 - 2**-20)
SLOPE = Number(0, 1000)

MOST_NUMBERS = 2**25
"""Numbers that come out of a layer for a row, at most, for all networks of a part together."""

LAYER: Check = Forward(lambda: _LAYER)

SETTINGS: dict[str, Fields] = {
    "Linear": Fields({"in_features": SIZE, "out_features": SIZE}),
    "ScaledLinear": Fields({"columns": ListOf(FEATURE, least=1), "out_features": SIZE}),
    "Convolution": Fields(
        {"shape": GRID, "in_channels": SIZE, "out_channels": SIZE, "size": Whole(1, 63)}
    ),
    "MaxPooling": Fields({"shape": GRID, "size": Whole(1, 4096)}),
    "MeanPooling": Fields({"shape": GRID, "size": Whole(1, 4096)}),
    "Branches": Fields(
        {
            "spans": ListOf(ListOf(Row((FEATURE, FEATURE)), least=1, most=1024), least=1, most=64),
            "branches": ListOf(ListOf(LAYER, least=1, most=64), least=1, most=64),
        },
        agree=lambda layer: (
            "" if len(layer["spans"]) == len(layer["branches"]) else "has spans without a branch"
        ),
    ),
    "Dropout": Fields({"rate": Either(RATE, ListOf(Forward(lambda: _RATES), 1, 1024))}),
    "ELU": Fields({"alpha": SLOPE}),
    "LeakyReLU": Fields({"negative_slope": Number(0, 1)}),
}
"""The settings of each layer that has any."""

_RATES: Check = Either(RATE, ListOf(RATE, 1, 1024))
_LAYER: Check = Kinds(
    "layer", {layer.__name__: SETTINGS.get(layer.__name__, Fields({})) for layer in LAYERS}
)

NETWORK = Fields({"layers": ListOf(LAYER, least=1, most=256)})
"""The description of a network."""


def check_widths(network: Network, n_features: int, n_outputs: int, members: int) -> None:
    """Raise `Malformed` unless layers fit each other, the features and the outputs.

    Parameters
    ----------
    network : Network
        The layers.
    n_features : int
        Features of a row.
    n_outputs : int
        What must come out for it.
    members : int
        Networks that predict together: what all make of a row must fit into memory.
    """
    widths = list(_widths(network.layers, n_features))
    if widths[-1] != n_outputs:
        raise Malformed(f"has {widths[-1]} outputs, but must have {n_outputs}")
    if max(widths) * members > MOST_NUMBERS:
        raise Malformed(f"makes {max(widths) * members:,} numbers of a row")


def _widths(layers: tuple[Layer, ...], width: int) -> list[int]:
    """Return how many numbers go into the first layer, and come out of each."""
    widths = [width]
    for number, layer in enumerate(layers):
        try:
            widths += _outputs(layer, widths[-1])
        except Malformed as error:
            raise error.within(number).within("layers") from None
    return widths


def _outputs(layer: Layer, width: int) -> list[int]:
    """Return how many numbers come out of a layer, after those within it; it takes so many."""
    match layer:
        case Linear() | ScaledLinear():
            wanted, outputs = layer.in_features, [layer.out_features]
        case Convolution():
            wanted = prod(layer.shape) * layer.in_channels
            outputs = [prod(layer.shape) * layer.out_channels]
        case Pooling():
            channels = width // prod(layer.shape)
            wanted = prod(layer.shape) * max(1, channels)
            outputs = [prod(layer.out_shape) * channels]
        case Branches():
            return _outputs_of_branches(layer, width)
        case _:
            return [width]
    if wanted != width:
        raise Malformed(f"takes {wanted} numbers, but gets {width}")
    return outputs


def _outputs_of_branches(layer: Branches, width: int) -> list[int]:
    inner, total = [], 0
    for spans, layers in zip(layer.spans, layer.branches, strict=True):
        if not all(start < stop <= width for start, stop in spans):
            raise Malformed(f"has a span beyond its {width} numbers")
        widths = _widths(layers, sum(stop - start for start, stop in spans))
        inner += widths
        total += widths[-1]
    return [*inner, total]
