"""A file with a model for each group: rows that carry their group are answered by its model."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Any, final

from madaline._apps.serve.answers import Worker, answer
from madaline._apps.serve.json_shape import Answers, Question, absent_remarks, prediction_of
from madaline._apps.serve.messages import Needs, Refusal, check_record, check_rows, rows_of_records
from madaline._apps.serve.models import ServedModel, check_served
from madaline._base.language import _
from madaline._base.words import format_count, format_list
from madaline._models.model import FittedModel
from madaline._models.model.many import COMMON, ModelsByGroup
from madaline._race.evaluation.scores import label_text
from madaline._tables.keys import key_text
from madaline.errors import InputError

_KEPT = 64  # models of groups that were asked last, with all that is made of them


@final
class ServedGroups:
    """One version of a file of many models."""

    watcher = None

    def __init__(self, name: str, models: ModelsByGroup, version: str) -> None:
        self.name = name
        self.models = models
        self.version = version
        self._served: OrderedDict[int, ServedModel] = OrderedDict()
        self._lock = Lock()

    @property
    def first(self) -> ServedModel:
        """The model of all rows, or of the first group."""
        return self._model(next(self.models.index.numbered())[0])

    def of(self, group: str) -> ServedModel:
        """Return the model of a group; `Refusal` if there is none."""
        try:
            return self._model(self.models.number(group))
        except InputError as error:
            raise Refusal(404, error.english) from None

    def answer(self, value: Any, max_rows: int, *, partial: bool = False) -> Answers:
        """Return the answer to rows of any groups."""
        question = Question.read(value)
        records = question.records
        check_rows(len(records), max_rows)
        if not records:
            raise InputError("There are no rows: give at least one.")
        question.extras.check(len(records))
        rows_of_models, without = self._by_model(records)
        predictions: list[dict[str, Any]] = [{"prediction": None} for __ in records]
        unseen = Counter[str]()
        remarks: list[str] = []
        for number, rows in rows_of_models.items():
            served = self._model(number)
            needs = Needs(served.kinds, known=served.known, partial=partial)
            requested = rows_of_records([records[row] for row in rows], needs)
            answered = answer(served.model, requested, question.extras)
            for place, row in enumerate(rows):
                predictions[row] = prediction_of(served, answered, place)
            unseen.update(answered.unseen)
            remarks += [*absent_remarks(requested.absent), *answered.remarks]
        if without:
            count = format_count(len(without), "row")
            names = format_list(dict.fromkeys(without))
            remarks.append(
                _("{count} of groups without a model: {names}.").format(count=count, names=names)
            )
        head = self.name, self.version, self.models.index.target
        distinct = list(dict.fromkeys(remarks)) or None
        return Answers(*head, predictions, dict(unseen) or None, distinct)

    def close(self, seconds: float) -> None:
        """End nothing: the models have no threads."""

    def wait(self) -> None:
        """Return at once."""

    def _by_model(self, records: Sequence[Any]) -> tuple[dict[int, list[int]], list[str]]:
        """Return the rows of each model by its number, and the groups of those without one."""
        rows_of_models: dict[int, list[int]] = {}
        without: list[str] = []
        for row, record in enumerate(records):
            number, text = self._number(record, row)
            if number is None:
                without.append(text)
            else:
                rows_of_models.setdefault(number, []).append(row)
        return rows_of_models, without

    def _number(self, record: Any, row: int) -> tuple[int | None, str]:
        """Return the number of the model of a row, if there is one, and the text of its group."""
        check_record(record, row)
        by = self.models.index.by
        absent = [name for name in by if name not in record]
        if absent:
            raise InputError(
                "Row {row} (counted from 0) lacks {absent}, which tells its group: add it (null where unknown).",
                row=row,
                absent=format_list(absent),
            )
        values = [record[name] for name in by]
        if any(type(value) in (dict, list) for value in values):
            raise InputError(
                "The group of row {row} (counted from 0) is no text or number.", row=row
            )
        known = all(value is not None for value in values)
        text = key_text(tuple(map(label_text, values))) if known else "(none)"
        return self.models.number_or_none(text if known else None), text

    def _model(self, number: int) -> ServedModel:
        """Return a model as the server has it. Threads of its own would be too many for all."""
        with self._lock:
            if number not in self._served:
                model = self.models.model(number)
                group = "common" if number == COMMON else self.models.index.entries[number].text
                self._served[number] = _served(f"{self.name}:{group}", model, self.version)
                if len(self._served) > _KEPT:
                    self._served.popitem(last=False)
            self._served.move_to_end(number)
            return self._served[number]


def _served(name: str, model: FittedModel, version: str) -> ServedModel:
    check_served(model, name)
    served = ServedModel(name, model, version, Worker(model), Worker(model))
    served.close(0.0)  # it then answers in threads of the loop
    return served
