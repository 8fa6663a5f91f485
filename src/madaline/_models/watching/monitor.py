"""The monitor: takes rows as they are predicted, and labels as they come, and raises alarms."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from madaline._base.language import _, translate, translate_word
from madaline._base.words import format_count
from madaline._models.online.columns import KEY, check_given
from madaline._models.watching import FALSE_ALARMS
from madaline._models.watching.alarm import Alarm, Alarms, describe
from madaline._models.watching.binned_mean import BinnedMean
from madaline._models.watching.detectors import TESTED_ROWS, Detection, Detectors
from madaline._models.watching.file import MAX_ALARMS, MAX_PENDING, STATE, check_state
from madaline._models.watching.source import LevelCodes, Source
from madaline._tables.column import is_missing
from madaline._tables.io import tensor_file
from madaline._tables.io.recognition import is_null
from madaline._tables.io.targets import to_target
from madaline._tables.io.tensor_header import named, with_prefix
from madaline._tables.table import Table
from madaline.errors import InputError, ModelFileError
from madaline.nn.arrays import Array
from madaline.records._results.blocks import Charts, Paragraph, Section
from madaline.records._results.curves import loss_figure
from madaline.records._results.figure import Figure
from madaline.records._results.result import Result


@final
class Monitor(Result):
    """Tests whether rows, predictions, errors and calibration change.

    Parameters
    ----------
    source : Source
        What is known of rows and labels.
    false_alarms : float, default=10_000
        Rows for each false alarm, at least, on average over all tests together.
    seed : int, default=0
        Breaks ties of values, and draws which fold's networks predict a row.

    Attributes
    ----------
    alarms : Alarms
        All alarms since the start, in their order.
    n_rows, n_labels : int
        How many rows and labels there were.
    losses : BinnedMean
        The mean loss of the labels over all rows.
    """

    def __init__(self, source: Source, false_alarms: float = FALSE_ALARMS, seed: int = 0) -> None:
        self.source = source
        self.false_alarms = _checked_rate(false_alarms)
        self.rngs = [np.random.default_rng([seed, number]) for number in range(2)]
        self.rows = Detectors(source.of_rows, self.false_alarms)
        self.labels = Detectors(source.of_labels, self.false_alarms)
        self.pending: dict[Hashable, tuple[int, Array]] = {}
        self.n_rows = 0
        self.n_labels = 0
        self.n_accepted = 0
        self.alarms = Alarms()
        self.losses = BinnedMean()

    def observe(self, X: Any, y: Any = None, *, keys: Iterable[Hashable] | None = None) -> Alarms:
        """Take in rows in the order in which they came.

        Parameters
        ----------
        X : data frame, array or other table
            The rows, as for `predict`.
        y : array-like of shape (n_samples,), optional
            Their labels, where they are known already; missing ones may come later. A class that
            the model does not know counts as an error.
        keys : iterable of str or int, optional
            A key for each row, under which `learn` finds it if its label is not known already: the
            latest 10,000 are kept. Text has at most 200 characters.

        Returns
        -------
        Alarms
            Those that these rows raised.

        Raises
        ------
        InputError
            If a needed column is missing, a value, a label or a key cannot be read, there are not
            as many labels or keys as rows, or a key comes twice or waits already. Then nothing has
            changed.
        """
        table = self.source.table(X)
        n_rows = table.n_samples
        labels = None if y is None else _as_many(self._labels(y), n_rows, "labels")
        names = None if keys is None else _as_many(self._new_keys(keys), n_rows, "keys")
        with self._only_reading():
            read = [
                self._read(table.take(some), None if labels is None else labels[some])
                for some in _slices(n_rows)
            ]
        alarms: list[Alarm] = []
        for some, chunk in zip(_slices(n_rows), read, strict=True):
            alarms += self._observe(chunk, None if names is None else names[some])
        return self._raise(alarms)

    def learn(self, key: Any, y: Any) -> Alarms:
        """Take in the label of a row that was observed under a key; or lists of keys and labels.

        Parameters
        ----------
        key : str or int, or list of them
            What `observe` was given.
        y : label or number, or list of them
            What was true.

        Returns
        -------
        Alarms
            Those that these labels raised.

        Raises
        ------
        InputError
            If no row waits under a key, or a label is missing, cannot be read or is no class of the
            model. Then all rows wait on.
        """
        several = isinstance(key, list | tuple | np.ndarray)
        keys = _checked_keys(key if several else [key])
        labels = _as_many(self._labels(y if several else _single(y)), len(keys), "labels")
        unknown = [name for name in keys if name not in self.pending]
        if unknown or len(set(keys)) < len(keys):
            raise InputError(
                "No row waits for its label under the key {unknown!r}: give a key that observe was given (each is learned once, and the latest {MAX_PENDING:,} are kept).",
                unknown=(unknown or keys)[0],
                MAX_PENDING=MAX_PENDING,
            )
        missing = np.flatnonzero(is_missing(labels))
        if len(missing):
            key = keys[missing[0]]
            raise InputError(
                "The label under the key {key!r} is missing: give it once it is known.", key=key
            )
        self.source.check_classes(labels)
        rows, predictions = zip(*(self.pending[name] for name in keys), strict=True)
        signals = self.source.learn(np.stack(predictions), labels)
        for name in keys:
            del self.pending[name]
        return self._raise(self._learn(signals, np.array(rows)))

    def accept(self) -> None:
        """Accept all changes: tests begin anew, and compare with the rows to come.

        Each needs 300 values before it can raise an alarm again. After an alarm, its own test does
        the same by itself.
        """
        for detectors in (self.rows, self.labels):
            for number in range(len(detectors.signals)):
                detectors.restart(number, self.n_rows)
        self.n_accepted = len(self.alarms)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state of all tests to one file; ``model.watch(file=path)`` goes on from it.

        The file holds the latest 4,096 rows of the watched columns. The model is not in it.

        Parameters
        ----------
        path : path
            Where to write. An existing file is replaced only when the new one is complete.
        """

        def check(state: Any, arrays: Mapping[str, Array]) -> None:
            source = copy(self.source)
            source.levels = dict(source.levels)  # a monitor that resumes replaces them
            Monitor._of_state(state, arrays, source)

        tensor_file.write_tensor_file(path, tensor_file.MONITOR, *self._state(), check=check)

    @classmethod
    def load(cls, path: str | os.PathLike[str], source: Source) -> Monitor:
        """Return the monitor that `save` wrote, of the model that it watched.

        `ModelFileError` if there is no such file, it holds something else, or it watched another
        model.
        """
        state, arrays = tensor_file.read_tensor_file(path, tensor_file.MONITOR)
        with tensor_file.refusing_malformed(path, tensor_file.MONITOR):
            STATE(state)
            if state["identity"] != source.identity:
                raise ModelFileError(
                    "{fspath} is of a monitor of another model: watch this one anew.",
                    fspath=os.fspath(path),
                )
            try:
                return cls._of_state(state, arrays, source)
            except (KeyError, ValueError) as error:
                raise tensor_file.damaged(
                    path,
                    _("lacks or has wrong arrays ({error})").format(error=error),
                    tensor_file.MONITOR,
                ) from None

    def figure(self) -> Figure:
        """Return the mean loss over time, and since when something changed, to be drawn."""
        changes = [alarm.since for alarm in self.alarms]
        return loss_figure(*self.losses.curve(), changes, self.source.loss_name)

    def __repr__(self) -> str:
        """Return what is watched, and the latest alarms."""
        return translate("\n".join(self._lines()))

    def sections(self) -> Iterator[Section]:
        drawn = [Charts([self.figure()])] if self.n_labels else []
        yield Section([Paragraph(next(self._lines())), *drawn])
        yield from self.alarms[-20:].sections()

    def _lines(self) -> Iterator[str]:
        whats = [signal.what for signal in (*self.rows.signals, *self.labels.signals)]
        columns = [format_count(whats.count("values"), "column")] if "values" in whats else []
        others = [what for what in dict.fromkeys(whats) if what not in ("values", "missing")]
        watched = _(", ").join([*columns, *map(translate_word, others)]) or _("nothing")
        seen = _("{rows} and {labels} so far").format(
            rows=format_count(self.n_rows, "row"), labels=format_count(self.n_labels, "label")
        )
        alarms = format_count(len(self.alarms), "alarm")
        accepted = (
            _(", {n_accepted:,} of them accepted").format(n_accepted=self.n_accepted)
            if self.n_accepted
            else ""
        )
        yield _("Watching {watched}: {seen}, {alarms}{accepted}.").format(
            watched=watched, seen=seen, alarms=alarms, accepted=accepted
        )
        yield from (f"- {alarm}" for alarm in self.alarms[-5:])

    def _state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return the description and the arrays of the file."""
        pending = [kept for _, kept in self.pending.values()]
        arrays = {
            "losses.sums": self.losses.sums,
            "losses.counts": self.losses.counts,
            "pending": np.stack(pending) if pending else np.zeros((0, 1)),
        }
        banks = {"rows": self.rows.to_state(), "labels": self.labels.to_state()}
        for name, (__, stored) in banks.items():
            arrays |= with_prefix(f"{name}.", stored)
        description = {
            "identity": self.source.identity,
            "false_alarms": self.false_alarms,
            "n_rows": self.n_rows,
            "n_labels": self.n_labels,
            "n_accepted": self.n_accepted,
            "rngs": [rng.bit_generator.state for rng in self.rngs],
            "alarms": [alarm.to_json() for alarm in self.alarms],
            "new_levels": [list(codes.new) for codes in self.source.levels.values()],
            "pending_keys": list(self.pending),
            "pending_rows": [row for row, _ in self.pending.values()],
            "losses_width": self.losses.width,
            "banks": {name: state for name, (state, _) in banks.items()},
        }
        return description, arrays

    @classmethod
    def _of_state(cls, state: Any, arrays: Mapping[str, Array], source: Source) -> Monitor:
        """Return the monitor of a description and arrays; a `ValueError` if they are no such."""
        check_state(state, arrays, source)
        monitor = cls(source, state["false_alarms"])
        for (key, codes), new in zip(source.levels.items(), state["new_levels"], strict=True):
            source.levels[key] = LevelCodes(codes.known, list(new))
        monitor.rows.resume(state["banks"]["rows"], named(arrays, "rows."))
        monitor.labels.resume(state["banks"]["labels"], named(arrays, "labels."))
        for rng, rng_state in zip(monitor.rngs, state["rngs"], strict=True):
            rng.bit_generator.state = rng_state
        monitor.losses.width = state["losses_width"]
        monitor.losses.sums[...] = arrays["losses.sums"]
        monitor.losses.counts[...] = arrays["losses.counts"]
        pending = zip(state["pending_rows"], arrays["pending"], strict=True)
        monitor.pending = dict(zip(state["pending_keys"], pending, strict=True))
        for name in ("n_rows", "n_labels", "n_accepted"):
            setattr(monitor, name, state[name])
        monitor.alarms = Alarms(Alarm.from_json(told).in_unit(source) for told in state["alarms"])
        return monitor

    @contextmanager
    def _only_reading(self) -> Iterator[None]:
        """Draw no number for good, and know no new level if a row is refused."""
        state = self.rngs[0].bit_generator.state
        levels = self.source.levels
        n_new = {name: len(codes.new) for name, codes in levels.items()}
        try:
            yield
        except BaseException:
            for name, codes in levels.items():
                levels[name] = LevelCodes(codes.known, codes.new[: n_new[name]])
            raise
        finally:
            self.rngs[0].bit_generator.state = state

    def _read(self, table: Table, labels: Array | None) -> _Read:
        signals, predictions = self.source.observe(table, self._drawn(table.n_samples)[:, 0])
        return _Read(
            signals, predictions, None if labels is None else self.source.learn(predictions, labels)
        )

    def _drawn(self, n_rows: int) -> Array:
        """Return the fold of each row, and what breaks ties of its signals."""
        return self.rngs[0].random((n_rows, 1 + len(self.rows.signals)))

    def _observe(self, read: _Read, names: list[Hashable] | None) -> list[Alarm]:
        """Test some rows, then their labels."""
        n_rows = len(read.signals)
        numbers = self.n_rows + 1 + np.arange(n_rows)
        self.n_rows += n_rows
        detections = self.rows.add(read.signals, numbers, self._drawn(n_rows)[:, 1:])
        if names is not None:
            self._wait(names, numbers, read)
        of_labels = [] if read.of_labels is None else self._learn(read.of_labels, numbers)
        return [*self._described(detections, self.rows), *of_labels]

    def _labels(self, y: Any) -> Array:
        labels = to_target(y)
        if labels.dtype.kind == "f" and np.isinf(labels).any():
            raise InputError("A label is infinite: correct it, or leave it out.")
        if labels.dtype == object:
            plain = (None if is_null(label) else label for label in labels)
            labels = np.fromiter(plain, object, len(labels))
        return self.source.labels(labels)

    def _learn(self, signals: Array, numbers: Array) -> list[Alarm]:
        present = ~np.isnan(signals).any(axis=1)
        signals = signals[present]
        numbers = numbers[present]
        self.n_labels += len(numbers)
        self.losses.add(numbers, signals[:, 0])
        if not self.labels.signals:
            return []
        drawn = self.rngs[1].random((len(numbers), len(self.labels.signals)))
        detections = self.labels.add(signals, numbers, drawn)
        return self._described(detections, self.labels)

    def _described(self, detections: list[Detection], detectors: Detectors) -> list[Alarm]:
        return [
            describe(detection, detectors.signals[detection.signal], self.labels, self.source)
            for detection in detections
        ]

    def _new_keys(self, keys: Iterable[Hashable]) -> list[Hashable]:
        """Return keys under which no row waits yet, or refuse them."""
        checked = _checked_keys(keys)
        for key, times in Counter(checked).items():
            if times > 1 or key in self.pending:
                why = "comes twice" if times > 1 else "waits for its label already"
                raise InputError(
                    "The key {key!r} {why}: give each row a key of its own.", key=key, why=why
                )
        return checked

    def _wait(self, names: list[Hashable], numbers: Array, read: _Read) -> None:
        """Keep the predictions of rows whose labels are not known yet."""
        for place, name in enumerate(names):
            if read.of_labels is None or np.isnan(read.of_labels[place]).any():
                self.pending[name] = (int(numbers[place]), read.kept[place])
        while len(self.pending) > MAX_PENDING:
            del self.pending[next(iter(self.pending))]

    def _raise(self, alarms: list[Alarm]) -> Alarms:
        self.alarms = Alarms([*self.alarms, *alarms][-MAX_ALARMS:])
        return Alarms(alarms)


@dataclass(frozen=True, eq=False)
class _Read:
    """The signals of some rows, what is kept of them, and the signals of their labels."""

    signals: Array
    kept: Array
    of_labels: Array | None


def _slices(n_rows: int) -> Iterator[slice]:
    return (slice(start, start + TESTED_ROWS) for start in range(0, n_rows, TESTED_ROWS))


def _single(label: Any) -> list[Any]:
    if isinstance(label, Collection) and not isinstance(label, str | bytes):
        raise InputError(
            "The label is {label!r}: give one class or number, or a list of keys.", label=label
        )
    return [label]


def _checked_rate(rows: Any) -> float:
    if isinstance(rows, bool) or not isinstance(rows, int | float) or not 1 < rows < 1e15:
        raise InputError(
            "false_alarms is {rows!r}: give the rows for each false alarm, above 1.", rows=rows
        )
    return float(rows)


def _as_many(values: Any, n_rows: int, what: str) -> Any:
    if len(values) != n_rows:
        raise InputError(
            "There are {n_values:,} {what} for {rows}: give one each.",
            n_values=len(values),
            what=what,
            rows=format_count(n_rows, "row"),
        )
    return values


def _checked_keys(keys: Iterable[Any]) -> list[Hashable]:
    plain = [key.item() if isinstance(key, np.generic) else key for key in keys]
    for key in plain:
        check_given(KEY, key, "A key", "give one of at most 200 letters")
    return plain
