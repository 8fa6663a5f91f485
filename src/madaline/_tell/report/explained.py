"""What the columns, pixels and words of a row add to its prediction: as data, and for a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._base.words import format_rounded, format_signed
from madaline._race.evaluation.scores import label_text
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline._tables.media.images import as_bytes
from madaline._tables.media.signals import Sequence as SequenceValue
from madaline._tables.media.signals import Signal, Sound
from madaline._tell.explain import Explanation
from madaline._tell.explain.attributions.explanation import SCALE_WORDS
from madaline._tell.explain.attributions.words import WordAttributions
from madaline._tell.explain.columns import value_text
from madaline._tell.explain.scale import LOG_ODDS, TARGET
from madaline._tell.report.pictures import MAX_ASPECT, map_source, picture_source
from madaline.nn.arrays import Array
from madaline.records._results.svg import bar_svg

_MAX_COLUMNS, _MAX_WORDS = 8, 8  # columns of a row, and words of a text, that are named
_MAX_CHARACTERS = 2000  # of a longer text only the beginning is shown
_SHADES = 5  # shades of words: the stronger the color, the more a word adds or takes away


@dataclass(frozen=True, eq=False)
class ExplainedMap:
    """What each position of an image, a sequence or a sound adds."""

    name: str
    values: list[list[float]]  # of a sequence a line for each channel, of a sound for each band
    picture: list[Any] | None  # bytes of an image, or of a sequence as gray lines

    @classmethod
    def of(cls, name: str, values: Array, shown: Any, another: Any) -> ExplainedMap:
        """Return a map, the highest band of a sound first.

        `another` value of the column tells its kind where this row has no value.
        """
        lines = values
        if isinstance(another, Signal):
            lines = values.T[::-1] if isinstance(another, Sound) else values.T
        rounded_lines = [[float(f"{amount:.3g}") for amount in line] for line in lines]
        return cls(name, rounded_lines, _picture(shown, values.shape))


@dataclass(frozen=True, eq=False)
class ExplainedRow:
    """What is behind the prediction of one row."""

    row: Explanation  # of this row alone
    maps: tuple[ExplainedMap, ...]

    @classmethod
    def of(cls, explanation: Explanation, number: int) -> ExplainedRow:
        """Return one row of an explanation."""
        row = explanation[number]
        maps = (
            ExplainedMap.of(
                name, of_rows[0], row.values[name][0], _first_present(explanation.values[name])
            )
            for name, of_rows in row.maps.items()
        )
        return cls(row, tuple(maps))

    def to_json(self) -> dict[str, Any]:
        """Return the row as JSON-able values."""
        row = self.row
        columns, rest = self._columns(None)
        return {
            "scale": row.scale,
            "class": self._class,
            "base": float(row.base[0]),
            "output": float(row.output[0]),
            "remaining": float(row.remaining[0]),
            "columns": [
                {"name": name, "value": value, "attribution": amount}
                for name, value, amount in columns
            ],
            "n_others": len(rest),
            "others": sum(rest),
            "words": [
                {"name": name, **texts[0].to_json(), "strongest": texts[0].strongest(_MAX_WORDS)}
                for name, texts in row.words.items()
            ],
            "maps": [dict(vars(one_map)) for one_map in self.maps],
        }

    def view(self, shown: int | None = None) -> dict[str, Any]:
        """Return what a page shows of the row: numbers as text, bars, pictures.

        What all columns but the `shown` ones add is one number.
        """
        row, write = self.row, self.row.written
        columns, rest = self._columns(shown)
        if rest:
            columns.append((_("{n_rest} others together").format(n_rest=len(rest)), "", sum(rest)))
        largest = _largest(columns)
        ends = float(row.base[0]), float(row.output[0])
        base, output = (
            write.show(end, 4) if row.scale == TARGET else format_rounded([end], largest)[0]
            for end in ends
        )
        return {
            "class": self._class,
            "unit": SCALE_WORDS.get(row.scale),
            "lines": [
                {
                    "name": name,
                    "value": value,
                    "amount": write.text(format_signed, amount, largest),
                    "bar": bar_svg(amount, largest, both=True),
                }
                for name, value, amount in columns
            ],
            "maps": [_view_of_map(one_map, write) for one_map in self.maps],
            "words": [view_of_words(name, one[0], write) for name, one in row.words.items()],
            "probability": (1 + np.tanh(ends[1] / 2)) / 2 if row.scale == LOG_ODDS else None,
            "base_text": base,
            "output_text": output,
            "remaining_text": row.remaining_text(0, row.decimals(0)),
        }

    def view_of_example(self, prediction: Any, truth: Any, shown: int) -> dict[str, Any]:
        """Return what a report shows of the row, with its prediction and the truth, if known."""
        of_number = self.row.scale == TARGET
        columns, rest = self._columns(shown)
        largest = _largest([*columns, ("", "", sum(rest))])

        def text(value: Any) -> str:
            return self.row.written.show(float(value), 4) if of_number else value_text(value)

        return self.view(shown) | {
            "prediction": text(prediction),
            "truth": None if truth is None else text(truth),
            "cut": of_number and abs(prediction - self.row.output[0]) > 0.01 * largest,
        }

    @property
    def _class(self) -> str | None:
        classes = self.row.target_class
        return None if classes is None else label_text(classes[0])

    def _columns(self, most: int | None) -> tuple[list[tuple[str, str, float]], list[float]]:
        """Return name, value and attribution of the strongest columns, and what others add."""
        row = self.row
        amounts = dict(zip(row.columns, row.attributions[0].tolist(), strict=True))
        strongest = row.strongest(0)
        if most is None:  # one alone is named instead of counted
            most = _MAX_COLUMNS if len(strongest) > _MAX_COLUMNS + 1 else len(strongest)
        columns = [(name, row.value_of(name, 0), amounts[name]) for name in strongest[:most]]
        return columns, [amounts[name] for name in strongest[most:]]


def _largest(columns: Sequence[tuple[str, str, float]]) -> float:
    return max((abs(amount) for _, _, amount in columns), default=0.0) or 1.0


def view_of_words(
    name: str, words: WordAttributions, written: NumberFormat = PLAIN
) -> dict[str, Any]:
    """Return the pieces of a text, each with its class of color, and numbers as they are shown."""
    strongest = words.strongest(_MAX_WORDS)
    sums = [amount for _, amount in strongest]
    largest = max(map(abs, [*words.amounts, *sums, words.absent]), default=0.0) or 1.0
    deepest = max(map(abs, words.amounts), default=0.0) or 1.0
    text = words.text[:_MAX_CHARACTERS]
    write = partial(written.text, format_signed)
    end = 0
    pieces: list[tuple[str, str, str]] = []  # text, class of color, what it adds
    for (start, stop), amount in zip(words.spans, words.amounts, strict=True):
        if stop > len(text):
            break
        pieces.append((text[end:start], "", ""))
        pieces.append((text[start:stop], _color(amount / deepest), write(amount, largest)))
        end = stop
    pieces.append((text[end:] + ("..." if len(text) < len(words.text) else ""), "", ""))
    return {
        "name": name,
        "pieces": [
            {"text": piece, "color": color, "amount": amount}
            for piece, color, amount in pieces
            if piece
        ],
        "strongest": [(word, write(amount, largest)) for word, amount in strongest],
        "others": write(sum(words.amounts) - sum(sums), largest),
        "absent": write(words.absent, largest),
    }


def _color(share: float) -> str:
    shade = round(_SHADES * abs(share))
    return f"{'more' if share > 0 else 'less'} w{shade}" if shade else ""


def _view_of_map(one_map: ExplainedMap, written: NumberFormat) -> dict[str, Any]:
    amounts = np.array(one_map.values)
    largest = float(np.abs(amounts).sum()) or 1.0
    return {
        "name": one_map.name,
        "map": map_source(one_map.values),
        "picture": None if one_map.picture is None else picture_source(one_map.picture),
        "adds": written.text(format_signed, float(amounts[amounts > 0].sum()), largest),
        "takes": written.text(format_signed, float(amounts[amounts < 0].sum()), largest),
    }


def _picture(shown: Any, sides: tuple[int, ...]) -> list[Any] | None:
    """Return an image as it is, or a sequence as gray lines, a channel each; None if it is neither.

    The last line is where steps are. A sequence is drawn where all of its steps are encoded.
    """
    if isinstance(shown, SequenceValue) and len(shown) <= sides[0]:
        known = np.isfinite(shown.values)
        steps = np.where(known, shown.values - shown.values.min(0, initial=np.inf, where=known), 0)
        steps /= np.maximum(steps.max(axis=0), np.finfo(np.float32).tiny)
        present = np.pad(steps, ((0, 0), (0, 1)), constant_values=1)
        lines = 1 - np.pad(present, ((0, sides[0] - len(steps)), (0, 0))).T  # (channels + 1, steps)
        gray = np.round(255 * lines).astype(int)[..., None]
        return list(gray.repeat(1 + sides[0] // (MAX_ASPECT * sides[1]), axis=0).tolist())
    picture = np.asarray(shown)
    is_picture = picture.ndim == 3 and picture.shape[:-1] == sides
    return as_bytes(picture).tolist() if is_picture else None


def _first_present(values: Array) -> Any:
    return next((value for value in values if value is not None), None)
