"""A page of a sampler: each column of drawn rows beside that of real ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from madaline._apps.sampling.choosing import Chosen
from madaline._apps.sampling.quality import Quality
from madaline._base.language import _, tight
from madaline._base.words import clip_text, format_share
from madaline._tables.column import in_seconds, is_missing
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline.nn.arrays import Array
from madaline.records._results.blocks import Charts, Paragraph, Section, points
from madaline.records._results.figure import COLORS, Axis, Figure, Line, Unit
from madaline.records._results.html import render_page

_N_BINS = 24
_MAX_LEVELS = 8
_MAX_FIGURES = 200
_OUTER = 0.005  # share of rows on each side that may lie beyond a figure


def sampler_page(quality: Quality, notes: Sequence[str], chosen: Chosen) -> str:
    """Return a self-contained HTML page, the least alike columns first."""
    shapes = {column.name: column.shape for column in quality.columns}
    real, drawn, formats = chosen.real, chosen.drawn, chosen.formats
    names = sorted(real, key=lambda name: shapes.get(name, 1.0))[:_MAX_FIGURES]
    drawings = [
        column_figure(name, real[name], drawn[name], shapes.get(name), formats.get(name, PLAIN))
        for name in names
    ]
    told = [
        Paragraph(quality.sentence),
        *points([*list(quality.sentences())[1:], *notes]),
        Paragraph(
            "Each figure has the shares of rows of real and of drawn rows, the columns that are"
            " least alike first. The real rows are those that the sampler never saw."
        ),
    ]
    return render_page("Drawn rows beside real ones", [Section([*told, Charts(drawings)])])


def column_figure(
    name: str, real: Array, drawn: Array, shape: float | None, written: NumberFormat = PLAIN
) -> Figure:
    """Return the distribution of a column in real and in drawn rows."""
    short = clip_text(" ".join(name.split()), 60)
    alike = "" if shape is None else _(", alike to {shape:.3f}").format(shape=shape)
    if real.dtype == object:
        levels = [level for level, __ in Counter(real.tolist()).most_common(_MAX_LEVELS)]
        shares, axis, x = _levels(real, drawn, levels)
        alike += _(": ") + _(", ").join(
            f"{k} {_level_text(level)}" for k, level in enumerate(levels, 1)
        )
    else:
        shares, axis, x = _numbers(real, drawn, written)
    return Figure(
        short,
        _("The distribution of {short} in real and in drawn rows{alike}.").format(
            short=short, alike=alike
        ),
        tight(
            " ".join([_("{sentence}.").format(sentence=f"{short}{alike}"), *_lacks(real, drawn)])
        ),
        axis,
        Axis(0.0, max(0.01, 1.05 * float(np.max(shares))), "share of rows", unit="share"),
        (
            Line(x, shares[0], COLORS[1], _("real"), dots=real.dtype == object),
            Line(x, shares[1], COLORS[0], _("drawn"), dots=real.dtype == object),
        ),
    )


def _lacks(real: Array, drawn: Array) -> Iterator[str]:
    lacks = [float(is_missing(column).mean()) for column in (real, drawn)]
    if max(lacks):
        yield _("Missing: {real} of real rows, {drawn} of drawn ones.").format(
            real=format_share(lacks[0]), drawn=format_share(lacks[1])
        )


def _level_text(level: object) -> str:
    return _("(missing)") if level is None else clip_text(str(level), 30)


def _levels(real: Array, drawn: Array, levels: list[object]) -> tuple[Array, Axis, Array]:
    """Return the shares of some levels, which are numbered."""
    lists = [column.tolist() for column in (real, drawn)]
    shares = [[items.count(level) / len(items) for level in levels] for items in lists]
    names = tuple(str(number + 1) for number in range(len(levels)))
    return np.array(shares), Axis(-0.3, len(levels) - 0.7, "", names=names), np.arange(len(levels))


def _numbers(real: Array, drawn: Array, written: NumberFormat) -> tuple[Array, Axis, Array]:
    """Return the shares of rows in bins of equal width."""
    unit: Unit = "moment" if real.dtype.kind == "M" else "number"
    columns = [in_seconds(column) for column in (real, drawn)]
    present = columns[0][~np.isnan(columns[0])]
    if not len(present):
        present = np.zeros(1)
    low, high = np.quantile(present, [_OUTER, 1 - _OUTER])
    axis = Axis.around([low, high], "", unit=unit, written=written)
    edges = np.linspace(axis.low, axis.high, _N_BINS + 1)
    shares = [
        np.histogram(column[~np.isnan(column)].clip(edges[0], edges[-1]), edges)[0] / len(column)
        for column in columns
    ]
    return np.array(shares), axis, (edges[1:] + edges[:-1]) / 2
