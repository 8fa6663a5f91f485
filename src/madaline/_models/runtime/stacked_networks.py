r"""Networks of any width and depth side by side: the hidden units of one depth are one matrix.

So biases are added and units activated for all networks at once; the first layers, which share
their inputs, are one product; and as only weighted means of the outputs are wanted, the last layers
times the weights of the networks are one product, too. A row takes few calls of NumPy this way.

What the bins of numbers add to the first sums is looked up instead of multiplied. Of a number's
bins all before its own are full and all behind it are empty. So with the weights
:math:`w_0, w_1, \dots` of its bins, a number in bin :math:`i`, a part :math:`p` of the way along
it, adds :math:`(w_0 + \dots + w_{i-1}) + p\, w_i`: two rows of a table, however many bins.

Matrix products are small enough that the matrix library takes each on one thread. Libraries split
large ones over threads of their own: those would be in the way of ours, and round differently for
another number of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from math import prod
from typing import final

import numpy as np

from madaline._models.runtime.frozen_networks import FrozenNetworks
from madaline._tables.encoders.encoded import Block
from madaline._tables.kinds.bins import JoinedBins
from madaline.nn._engine.compiled_prediction import CompiledPrediction
from madaline.nn.arrays import Array
from madaline.nn.layers._activations import Activation

MAX_ONE_THREAD_WORK = 2**18
"""Multiply-adds that OpenBLAS, NumPy's matrix library on most machines, leaves on one thread."""

ROWS, MAX_ROWS = 8, 64
"""Rows of a product: with more than `MAX_ROWS` it gets no faster. Those of all products are
multiples of `ROWS`: of fewer, or of a remainder, libraries add up the terms in another order, and a
row alone would differ in the seventh digit from the same row in a table."""

MAX_INPUTS = 512
"""Inputs of a product, where the weights are too many for `ROWS`."""

SUMMED = 128
"""Inputs whose weighted sum stays in float32 where the outputs of thousands of units are added up:
the error of the whole sum would be two to ten times as large."""


def product(x: Array, weight: Array, out: Array | None = None) -> Array:
    """Return ``x @ weight``, shape (n_samples, units), written into `out` if that is given."""
    if out is None:
        out = np.empty((len(x), weight.shape[1]), x.dtype)
    multiply(x[None], weight[None], out[None])
    return out


def precise_product(
    x: Array,  # float32 (n_samples, in): inputs; the number of rows is a multiple of `ROWS`
    weight: Array,  # float32 (in, units): what each row is multiplied with
) -> Array:
    """Return ``x @ weight``, float64 of shape (n_samples, units): the sum of sums in float32."""
    inputs, units = weight.shape
    n_sums = inputs // SUMMED
    whole = n_sums * SUMMED
    by_sum = x[:, :whole].reshape(len(x), n_sums, SUMMED).swapaxes(0, 1)  # a view
    sums = np.empty((n_sums, len(x), units), x.dtype)
    multiply(by_sum, weight[:whole].reshape(n_sums, SUMMED, units), sums)
    total = np.sum(sums, axis=0, dtype=np.float64)
    if whole < inputs:
        total += product(x[:, whole:], weight[whole:])
    return np.asarray(total)


def multiply(
    x: Array,  # (members, n_samples, in): inputs; the number of rows is a multiple of `ROWS`
    weight: Array,  # (members, in, units): what each row is multiplied with
    out: Array,  # (members, n_samples, units)
) -> None:
    """Write ``x @ weight`` of every member into `out`."""
    _, inputs, units = weight.shape
    if ROWS * inputs * units <= MAX_ONE_THREAD_WORK:
        _by_rows(x, weight, out)
        return
    size = MAX_ONE_THREAD_WORK // (ROWS * min(inputs, MAX_INPUTS))
    for unit in range(0, units, size):
        some = slice(unit, unit + size)
        _by_rows(x[:, :, :MAX_INPUTS], weight[:, :MAX_INPUTS, some], out[:, :, some])
        for start in range(MAX_INPUTS, inputs, MAX_INPUTS):
            span = slice(start, start + MAX_INPUTS)
            part = np.empty(out[:, :, some].shape, out.dtype)
            _by_rows(x[:, :, span], weight[:, span, some], part)
            out[:, :, some] += part


def _by_rows(x: Array, weight: Array, out: Array) -> None:
    """Write ``x @ weight`` into `out`, some rows at a time."""
    (_, inputs, units), n_samples = weight.shape, x.shape[1]
    most = min(MAX_ROWS, MAX_ONE_THREAD_WORK // max(1, inputs * units)) // ROWS * ROWS
    whole = n_samples // most * most
    for block, rows in ((slice(whole), most), (slice(whole, None), ROWS)):
        if out[:, block].size:
            np.matmul(_cut(x[:, block], rows), weight[:, None], out=_cut(out[:, block], rows))


def _cut(matrix: Array, rows: int) -> Array:
    """Return (members, n_samples, columns) as (members, n_samples / rows, rows, columns)."""
    members, n_samples, columns = matrix.shape
    return matrix.reshape(members, n_samples // rows, rows, columns)


@final
class Buffers:
    """Arrays by name, for one thread."""

    def __init__(self) -> None:
        self._arrays: dict[str, Array] = {}

    def empty(self, name: str, shape: tuple[int, ...]) -> Array:
        """Return an uninitialized array of float32, valid until that name is asked for again."""
        size = prod(shape)
        array = self._arrays.get(name)
        if array is None or array.size < size:
            array = self._arrays[name] = np.empty(size, np.float32)
        return array[:size].reshape(shape)


NUMBERS = 2**17
"""Numbers looked up at a time, about, so that they stay in the cache."""


@dataclass(frozen=True, eq=False)
class BinTable:
    """The table; build it with `of`.

    >>> bins = JoinedBins.of([np.array([0.0, 1.0, 3.0])], [np.array([0.5, 0.25])])
    >>> table = BinTable.of(np.array([[1.0, 0.0], [10.0, 20.0]]), bins)
    >>> table.sums(*bins.locate(np.array([[0.5, 2.0]])), Buffers()), table.constant
    (array([[ 0.5,  0. ],
           [ 6. , 10. ]], dtype=float32), array([-3., -5.]))
    """

    # float32 (n_bins, 2, units): for each bin of each number what the full bins before it add, and
    # what it adds if full
    rows: Array
    constant: Array  # float64 (units,): what the means of the bins' features take from every sum
    n_numbers: int  # how many numbers have bins

    @classmethod
    def of(cls, weight: Array, bins: JoinedBins) -> BinTable:
        """Return the table of the weights of bins, (n_bins, units)."""
        exact: Array = weight.astype(np.float64)
        before = np.cumsum(exact, axis=0) - exact
        before -= before[bins.first[bins.owner, 0]]
        rows = np.stack([before, exact], axis=1).astype(np.float32)
        return cls(rows, -(bins.means @ exact), len(bins.edges))

    def sums(
        self,
        index: Array,  # (n_numbers, n_samples)
        part: Array,
        buffers: Buffers,
        compiled: CompiledPrediction | None = None,  # does the same in a third of the time
    ) -> Array:
        """Return what numbers add to the sums of units, float32 of shape (n_samples, units)."""
        index = np.ascontiguousarray(index.T)
        part = np.ascontiguousarray(part.T, np.float32)
        (n_rows, n_numbers), units = index.shape, self.rows.shape[2]
        sums = buffers.empty("bins", (n_rows, units))
        if compiled is not None:
            compiled.look_up(self.rows, index, part, sums)
            return sums
        times = np.stack([np.ones_like(part), part], axis=2).reshape(n_rows, 1, 2 * n_numbers)
        step = max(1, NUMBERS // (2 * n_numbers * units))
        for start in range(0, n_rows, step):
            some = slice(start, start + step)
            values = buffers.empty("found", (len(index[some]), n_numbers, 2, units))
            self.rows.take(index[some], axis=0, out=values, mode="clip")
            values = values.reshape(len(values), 2 * n_numbers, units)
            np.matmul(times[some], values, out=sums[some, None])  # (n, 1, units)
        return sums


@dataclass(frozen=True, eq=False)
class Product:
    """What some units of a level add to some of the next one."""

    source: slice  # the inputs, those of every member side by side
    weight: Array  # float32 (members, in, units): each member's weights
    into: slice  # the sums, those of every member side by side

    def write(self, h: Array, sums: Array) -> None:
        """Write the sums of some rows, (n_samples, units of the next level)."""
        members, inputs, units = self.weight.shape
        x = h[:, self.source].reshape(len(h), members, inputs).swapaxes(0, 1)
        out = sums[:, self.into].reshape(len(h), members, units).swapaxes(0, 1)  # a view
        multiply(x, self.weight, out)


@dataclass(frozen=True, eq=False)
class Level:
    """The hidden layers of one depth, of all networks that are so deep; the deepest come first."""

    bias: Array  # float32 (units,): added before the units are activated
    gain: Array | None  # float32 (units,): `Activation.tanh_gain`, if there is one
    # float32 (last units, n_means * n_outputs): from the last units, those of the networks that end
    # here, to their share of the outputs
    readout: Array | None
    products: Sequence[Product]  # from the others to the next level

    @property
    def n_sums(self) -> int:
        """Units of the next level."""
        return self.products[-1].into.stop if self.products else 0


@dataclass(frozen=True, eq=False)
class StackedNetworks:
    """Networks side by side; build it with `stack`."""

    # float32 (n_base_features, units): from the features without bins to the first level
    weight: Array
    # from the bins to the first level: how many bins a number has, to which units they add
    # something, and what
    lookups: Sequence[tuple[int, slice, BinTable]]
    levels: Sequence[Level]  # at least one
    constant: Array  # float64 (n_means * n_outputs,): added to the outputs
    activation: Activation  # of all hidden layers

    @property
    def width(self) -> int:
        """Units and outputs of all networks together."""
        return sum(len(level.bias) for level in self.levels) + len(self.constant)

    @property
    def looked_up(self) -> int:
        """How many numbers are looked up in tables for a row, about."""
        return sum(table.n_numbers * table.rows.shape[2] for _, _, table in self.lookups)

    def predict(
        self,
        block: Block,
        buffers: Buffers,
        compiled: CompiledPrediction | None = None,  # does the same in less time
    ) -> Array:
        """Return weighted means of the raw outputs, float64 (n_samples, n_means * n_outputs)."""
        outputs = []
        n_samples = len(block.base)
        h = self._first_sums(block, buffers, compiled)  # (n_samples + padding, units)
        for depth, level in enumerate(self.levels):
            self._activate(h, level, buffers, compiled)
            if level.readout is not None:
                ending = h[:, h.shape[1] - len(level.readout) :]
                outputs.append(precise_product(ending, level.readout))
            sums = buffers.empty(f"sums {depth % 2}", (len(h), level.n_sums))
            for step in level.products:
                step.write(h, sums)
            h = sums
        return np.asarray(np.sum(outputs, axis=0)[:n_samples] + self.constant)

    def _activate(
        self, h: Array, level: Level, buffers: Buffers, compiled: CompiledPrediction | None
    ) -> None:
        """Add the bias to sums, and turn them into units."""
        if compiled is not None and level.gain is not None:
            compiled.activate(h, level.bias, level.gain)
            return
        h += level.bias
        self.activation.activate(h, buffers.empty("factor", h.shape))

    def _first_sums(
        self, block: Block, buffers: Buffers, compiled: CompiledPrediction | None
    ) -> Array:
        """Return the sums of the first level before biases are added, with rows of padding."""
        n_samples, n_features = block.base.shape
        base = np.zeros((n_samples + -n_samples % ROWS, n_features), np.float32)
        base[:n_samples] = block.base
        h = product(base, self.weight, buffers.empty("sums 1", (len(base), self.weight.shape[1])))
        for n_bins, units, table in self.lookups:
            h[:n_samples, units] += table.sums(*block.locate(n_bins), buffers, compiled)
        return h


def stack(
    # (members, n_means): at least one, and how much each member counts in each mean
    networks: Sequence[tuple[FrozenNetworks, Array]],
    n_base: int,  # number of features without bins
    bins: Mapping[int, JoinedBins],  # for each number of bins those of all numbers that have any
) -> StackedNetworks:
    """Return networks of one activation side by side."""
    networks = sorted(networks, key=lambda group: (-len(group[0].hidden), group[0].n_bins))
    first = [(frozen.n_bins, frozen.first_weight) for frozen, _ in networks]
    lookups = _lookups(first, n_base, bins)
    levels = [_level(depth, networks) for depth in range(len(networks[0][0].hidden))]
    for _, units, table in lookups:
        levels[0].bias[units] += table.constant
    weight = np.concatenate([weight[:n_base] for _, weight in first], axis=1)
    constant = np.sum([frozen.constant(shares) for frozen, shares in networks], axis=0)
    return StackedNetworks(weight, lookups, levels, constant, networks[0][0].activation)


def _lookups(
    first: Sequence[tuple[int, Array]], n_base: int, bins: Mapping[int, JoinedBins]
) -> list[tuple[int, slice, BinTable]]:
    """Return what bins add to first layers, given their number of bins and their weights.

    Neighbors with the same bins have one table.
    """
    lookups = []
    stop = 0
    for n_bins, some in groupby(first, key=lambda group: group[0]):
        weight = np.concatenate([of_networks[n_base:] for _, of_networks in some], axis=1)
        start, stop = stop, stop + weight.shape[1]
        if len(weight):
            lookups.append((n_bins, slice(start, stop), BinTable.of(weight, bins[n_bins])))
    return lookups


def _level(depth: int, networks: Sequence[tuple[FrozenNetworks, Array]]) -> Level:
    """Return the layers at some depth."""
    here = [frozen for frozen, _ in networks if len(frozen.hidden) > depth]
    deeper = [frozen for frozen in here if len(frozen.hidden) > depth + 1]
    spans = zip(_spans(deeper, depth), _spans(deeper, depth + 1), strict=True)
    products = [
        Product(source, frozen.hidden[depth + 1].weight, into)
        for frozen, (source, into) in zip(deeper, spans, strict=True)
    ]
    bias = np.concatenate([frozen.hidden[depth].bias.ravel() for frozen in here])
    gain = here[0].activation.tanh_gain
    ending = [
        frozen.readout(shares) for frozen, shares in networks if len(frozen.hidden) == depth + 1
    ]
    return Level(
        bias,
        None if gain is None else np.full(len(bias), gain, np.float32),
        np.concatenate(ending) if ending else None,
        products,
    )


def _spans(networks: Sequence[FrozenNetworks], depth: int) -> list[slice]:
    """Return where the units of each stand at some depth."""
    stops = list(accumulate((frozen.units[depth] for frozen in networks), initial=0))
    return [slice(start, stop) for start, stop in pairwise(stops)]
