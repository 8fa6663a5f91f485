"""What a look at a table found: it prints, is a page, JSON, or a table in a notebook."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, NamedTuple, final

import numpy as np

from madaline._base.language import _, ngettext, translate, translate_word
from madaline._base.language.widths import align, clip_to_width
from madaline._base.words import (
    clip_text,
    for_command_line,
    format_count,
    format_day,
    format_list,
    format_probability,
    format_share,
    paragraph,
)
from madaline._models.diagnosis.finding import Diagnosis
from madaline._race.evaluation.association import MAX_PAIRED
from madaline._tables.io.atomic import write_document
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import DROPPED
from madaline._tell.look.contents import LookedColumn, percent
from madaline._tell.look.rows_in_common import CopiedRows, Missing
from madaline._tell.report.page import render
from madaline.nn.arrays import Array
from madaline.records._results.blocks import (
    Bar,
    Cell,
    Findings,
    Paragraph,
    Section,
    TextTable,
    more,
    points,
)
from madaline.records._results.result import Result, ToFrame
from madaline.records._results.svg import bar_svg, distribution_svg
from madaline.version import __version__

_MAX_LINES, _MAX_OF_MANY = 20, 15  # columns in a terminal: as many as these, or the first of more
_MAX_NOTE_LINES, _MAX_FINDING_LINES = 3, 7  # on one screen
_NOTHING = "Nothing stands out: no leaking column, no copies, no values far from others."
_MAX_SHOWN = 100  # columns in a notebook
_MAX_PAIRS, _MAX_NAME = 6, 60  # pairs of columns that are told, and characters of a name
_NAME, _KIND, _VALUES = 17, 8, 20  # widths of columns of the table in a terminal


class Pair(NamedTuple):
    """Two columns, and their association, from 0 to 1."""

    first: str
    second: str
    association: float


@final
@dataclass(frozen=True, eq=False)
class Look(Result, ToFrame):
    """What a table holds: print it, or write it to a page with `save`.

    Attributes
    ----------
    source : str
        The name of the file; empty if there is none.
    n_rows, n_columns : int
        Of the table, with the target.
    columns : tuple of LookedColumn
        The columns, in the order of the table.
    target : LookedColumn or None
        What is to be predicted.
    pairs : tuple of Pair
        Columns that are associated with each other, the strongest first.
    missing : Missing
        Which values are missing, and which together.
    copies : CopiedRows
        Rows that are equal to others.
    findings : Diagnosis
        What is wrong or worth a word, the worst first, each with what to do.
    plan : tuple of str
        What a fit would do with the table.
    notes : tuple of str
        How the file was read.
    n_sampled, n_paired : int
        Rows that associations are of, and columns that are compared with each other.
    first_rows : tuple of dict
        Some rows.
    """

    source: str
    n_rows: int
    n_columns: int
    columns: tuple[LookedColumn, ...]
    target: LookedColumn | None
    pairs: tuple[Pair, ...]
    missing: Missing
    copies: CopiedRows
    findings: Diagnosis
    plan: tuple[str, ...]
    notes: tuple[str, ...]
    n_sampled: int
    n_paired: int
    first_rows: tuple[dict[str, str], ...]

    @property
    def headline(self) -> str:
        """How large the table is, and what the target is."""
        rows, columns = format_count(self.n_rows, "row"), format_count(self.n_columns, "column")
        if self.target is None:
            return _("{rows}, {columns}.").format(rows=rows, columns=columns)
        target, n_classes = self.target, self.target.n_distinct
        what = _("is a number, {values}").format(values=target.values)
        if target.of_levels:
            what = _("has {classes} ({values})").format(
                classes=format_count(n_classes, "class", "classes"), values=target.values
            )
        name = (
            "the target"
            if target.name == "target"
            else _("the target {short}").format(short=_short(target.name))
        )
        return _("{rows}, {columns}; {name} {what}.").format(
            rows=rows, columns=columns, name=name, what=what
        )

    @property
    def ranked(self) -> tuple[LookedColumn, ...]:
        """The columns, those most associated with the target first."""
        return tuple(sorted(self.columns, key=lambda column: -(column.association or 0.0)))

    @property
    def related(self) -> tuple[LookedColumn, ...]:
        """The columns that are associated with the target, the strongest first."""
        return tuple(column for column in self.ranked if column.association)

    @property
    def not_compared(self) -> tuple[str, ...]:
        """The columns of texts, images and sounds."""
        return tuple(
            _("{short} ({kind})").format(short=_short(column.name), kind=column.kind)
            for column in self.columns
            if column.kind != DROPPED and not KINDS[column.kind].profiled
        )

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is missing, and which columns are associated, in sentences."""
        return (*self._on_gaps(), *self._on_pairs())

    def for_command_line(self) -> Look:
        """Return the look with options of the command line instead of arguments in Python."""
        columns = tuple(replace(one, why=for_command_line(one.why)) for one in self.columns)
        plan, notes = (tuple(map(for_command_line, told)) for told in (self.plan, self.notes))
        findings = self.findings.for_command_line()
        return replace(self, columns=columns, plan=plan, notes=notes, findings=findings)

    def to_columns(self) -> dict[str, Any]:
        """Return what is in each column, by the name of the fact."""
        names = ("name", "kind", "why", "n_missing", "n_distinct", "values", "association")
        return {name: [getattr(column, name) for column in self.columns] for name in names}

    def to_json(self) -> dict[str, Any]:
        """Return all as JSON-able values."""
        plain = {
            name: getattr(self, name)
            for name in ("source", "n_rows", "n_columns", "n_sampled", "n_paired")
        }
        return plain | {
            "target": None if self.target is None else self.target.to_json(),
            "columns": [column.to_json() for column in self.columns],
            "pairs": [pair._asdict() for pair in self.pairs],
            "missing": asdict(self.missing),
            "copies": asdict(self.copies),
            "findings": self.findings.facts(),
            "plan": list(self.plan),
            "notes": list(self.notes),
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a self-contained HTML page.

        Parameters
        ----------
        path : str or PathLike
            Where to write it.

        Raises
        ------
        InputError
            If jinja2 is not installed.
        OSError
            If the file cannot be written.
        """
        write_document(path, render_look(self))

    def lines(self, *, full: bool = False, blocks: bool = True) -> Iterator[str]:
        """Yield one screen: the columns, what is wrong, what a fit would do; in full, all of it.

        Small distributions need a terminal that has the characters for them.
        """
        headline = self.headline
        if self.source:
            headline = _("{source}: {headline}").format(source=self.source, headline=headline)
        yield paragraph(headline)
        notes = list(map(paragraph, self.notes))
        yield from notes if full else _first_lines(notes, _MAX_NOTE_LINES, "more note")
        yield ""
        yield from self._table(len(self.columns) if full else _MAX_LINES, blocks)
        yield ""
        yield from map(paragraph, [*self._on_target(), *self._on_gaps()])
        yield from map(paragraph, self._on_pairs() if full else ())
        yield ""
        findings = [paragraph(sentence, first="- ") for sentence in self.told_findings]
        findings = findings or [_NOTHING]
        yield from findings if full else _first_lines(findings, _MAX_FINDING_LINES, "more finding")
        if self.plan:
            yield "\n".join(["", *map(paragraph, self.plan)])

    def _table(self, most: int, blocks: bool) -> Iterator[str]:
        bars, assoc = ([""] if blocks else []), (["assoc."] if self.related else [])
        heads = ["column", "kind", "missing", "distinct", *bars, "values", *assoc]
        room = _VALUES + 9 * (not bars) + 7 * (not assoc)
        shown = self.ranked if len(self.columns) <= most else self.ranked[:_MAX_OF_MANY]
        rows = [self._line(column, room, blocks) for column in shown]
        yield from align(
            [[*map(translate_word, heads)], *rows],
            right=(2, 3, 5 + len(bars)),
            widths=(_NAME, _KIND, 7, 8, *(8 for __ in bars), room, 6),
            apart=" ",
        )
        if len(self.columns) > len(shown):
            yield _("... and {n_columns:,} more columns").format(
                n_columns=len(self.columns) - len(shown)
            )

    def _line(self, column: LookedColumn, room: int, blocks: bool) -> list[str]:
        """Return the cells of a column in a terminal, with so much room for its values."""
        missing = percent(column.n_missing / max(1, self.n_rows))
        told = f"{column.association:.2f}" if column.association else "-"
        return [
            clip_to_width(" ".join(column.name.split()), _NAME, "..."),
            translate_word("left out" if column.kind == DROPPED else column.kind),
            missing if column.n_missing else "",
            f"{column.n_distinct:,}",
            *([column.sparkline] if blocks else []),
            clip_to_width(translate_word(column.brief), room, "..."),
            *([told] if self.related else []),
        ]

    def __str__(self) -> str:
        """Return one screen of text."""
        return translate("\n".join(self.lines()))

    __repr__ = __str__

    @property
    def told_findings(self) -> tuple[str, ...]:
        """The findings in sentences; behind a severity that is not low."""
        return tuple(
            each.sentence
            if each.severity == "low"
            else _("{severity}: {sentence}").format(
                severity=translate_word(each.severity), sentence=each.sentence
            )
            for each in self.findings
        )

    def sections(self) -> Iterator[Section]:
        heads = ["column", "kind", "missing", "distinct", "", "values"]
        rows = [[*_cells(column)] for column in self.ranked[:_MAX_SHOWN]]
        if self.target is not None:
            heads.append("association with the target")
            for row, column in zip(rows, self.ranked, strict=False):
                told = column.association
                row.append("" if told is None else Bar(told, 1.0, f"{told:.2f}"))
        left_out = more(len(rows), len(self.columns), "columns")
        yield Section([Paragraph(self.headline), TextTable(heads, rows, right=(2, 3)), *left_out])
        listed = points([*self.notes, *self.remarks, *self.plan])
        yield Section([*listed, Findings(self.findings.findings)])

    def _on_target(self) -> Iterator[str]:
        """Yield how to read the associations with the target."""
        if self.target is None or not self.columns:
            return
        name = _short(self.target.name)
        if self.related:
            yield _(
                "assoc.: mutual information with {name} as a correlation, 0 to 1 (-: not clear)."
            ).format(name=name)
        else:
            yield _("No column by itself is clearly associated with {name}.").format(name=name)

    def _on_gaps(self) -> Iterator[str]:
        missing = self.missing
        if missing.n_columns:
            yield ngettext(
                "{n:,} of {columns} lacks values ({share} of all); {n_complete:,} of {rows} are complete.",
                "{n:,} of {columns} lack values ({share} of all); {n_complete:,} of {rows} are complete.",
                missing.n_columns,
            ).format(
                n=missing.n_columns,
                columns=format_count(len(self.columns), "column"),
                share=format_probability(missing.share),
                n_complete=missing.n_complete,
                rows=format_count(self.n_rows, "row"),
            )

    def _on_pairs(self) -> Iterator[str]:
        shown = [
            _("{first} and {second} {association:.2f}").format(
                first=_short(pair.first), second=_short(pair.second), association=pair.association
            )
            for pair in self.pairs[:_MAX_PAIRS]
        ]
        if shown:
            yield _("Associated with each other: {shown}.").format(shown=_("; ").join(shown))
        if self.not_compared:
            yield _("Not compared with others: {not_compared}.").format(
                not_compared=format_list(self.not_compared)
            )
        if MAX_PAIRED <= self.n_paired < len(self.columns):
            columns = format_count(len(self.columns), "column")
            yield _("{n_paired:,} of {columns} were compared with each other.").format(
                n_paired=self.n_paired, columns=columns
            )


def _first_lines(texts: Sequence[str], most: int, noun: str) -> Iterator[str]:
    """Yield as many texts as so many lines hold, one at least, and how many more there are."""
    n_lines = [text.count("\n") + 1 for text in texts]
    shown = max(1, int(np.sum(np.cumsum(n_lines) <= most)))
    yield from texts[:shown]
    if len(texts) > shown:
        yield _("... and {more}").format(more=format_count(len(texts) - shown, noun))


def _short(name: str) -> str:
    """Return a name that a sentence has room for."""
    return clip_text(" ".join(name.split()), _MAX_NAME)


def _cells(column: LookedColumn) -> Iterator[Cell]:
    yield column.name
    yield translate_word(column.kind)
    yield f"{column.n_missing:,}"
    yield f"{column.n_distinct:,}"
    yield column.profile or ""
    yield " ".join(filter(None, [column.values, column.why and f"({column.why})"]))


_DIRECTIONS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Characters that would turn the text behind a name around: they are left out."""

_MAX_ROWS, _MAX_MATRIX = 12, 16  # of tables before others unfold, and of the matrix
_MAX_COLUMNS, _MAX_UNFOLDED = 24, 400  # columns that are described, and others that unfold
_MAX_PAGE_NAME = 200  # characters of a name
_MIN_SHOWN = 0.3  # association of columns that are in the matrix


def render_look(look: Look) -> str:
    """Return a look as HTML."""
    day = date.today()
    context = {
        "look": look,
        "date": format_day(day),
        "version": __version__,
        "of_classes": look.target is not None and look.target.of_levels,
        "related": look.related,
        "silent": [_name(one.name) for one in look.columns if one.association == 0.0],
        "lacking": sorted((o for o in look.columns if o.n_missing), key=lambda o: -o.n_missing),
        "matrix": _matrix(look.pairs),
        "most": _MAX_ROWS,
        "most_columns": _MAX_COLUMNS,
        "most_unfolded": _MAX_UNFOLDED,
        "name": _name,
        "picture": lambda one: "" if one.profile is None else distribution_svg(one.profile),
        "bar": bar_svg,
        "count": format_count,
        "percent": format_share,
    }
    return render("look.html", context, package="madaline._tell.look").translate(_DIRECTIONS)


def _name(name: str) -> str:
    """Return a name that a page has room for."""
    return clip_text(" ".join(name.split()) or "(empty)", _MAX_PAGE_NAME)


def _matrix(pairs: Sequence[Pair]) -> list[tuple[str, Array]]:
    """Return columns that tell most of each other, with what each tells of the others; few if any.

    Each is beside the one that tells most of it.
    """
    strong = (name for pair in pairs if pair.association >= _MIN_SHOWN for name in pair[:2])
    names = list(dict.fromkeys(strong))[:_MAX_MATRIX]
    strengths = np.eye(len(names))
    for one, other, association in pairs:
        if one in names and other in names:
            place = names.index(one), names.index(other)
            strengths[place] = strengths[place[::-1]] = association
    order = [int(strengths.sum(axis=0).argmax())] if names else []
    while len(order) < len(names):
        left = [one for one in range(len(names)) if one not in order]
        order.append(max(left, key=lambda one: float(strengths[order[-1], one])))
    return [(_name(names[one]), strengths[one, order]) for one in order]
