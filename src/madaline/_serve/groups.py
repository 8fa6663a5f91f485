"""A file with a model for each group: rows that carry their group are answered by its model."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any, final

from madaline._data.keys import key_text
from madaline._evaluation.scores import label_text
from madaline._model import FittedModel
from madaline._model.many import COMMON, ModelsByGroup
from madaline._serve.answers import Worker, answer
from madaline._serve.json_shape import Answers, Question, absent_remarks, prediction_of
from madaline._serve.messages import Needs, Refusal, check_rows, json_word, rows_of_records
from madaline._serve.models import ServedModel, check_served
from madaline._words import format_count, format_list
from madaline.errors import InputError

_KEPT = 64  # models of groups that were asked last, with all that is made of them


@final
class ServedGroups:
    """One version of a file of many models."""

    def __init__(self, name: str, models: ModelsByGroup, version: str) -> None:
        self.name, self.models, self.version = name, models, version
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

    def answer(
        self, value: Any, max_rows: int, *, partial: bool = False
    ) -> tuple[dict[str, Any], int, Mapping[str, int]]:
        """Return the answer to rows of any groups, their number, and what was unseen in them."""
        asked = Question.read(value)
        records, extras = asked.records, asked.extras
        check_rows(len(records), max_rows)
        if not records:
            raise InputError("There are no rows: give at least one.")
        extras.check(len(records))
        rows_of: dict[int, list[int]] = {}
        without: list[str] = []
        for row, record in enumerate(records):
            number, text = self._number(record, row)
            if number is None:
                without.append(text)
            else:
                rows_of.setdefault(number, []).append(row)
        predictions: list[dict[str, Any]] = [{"prediction": None} for _ in records]
        unseen, remarks = Counter[str](), list[str]()
        for number, rows in rows_of.items():
            served = self._model(number)
            own = [records[row] for row in rows]
            needs = Needs(served.kinds, known=served.known, partial=partial)
            its = rows_of_records(own, needs)
            remarks += absent_remarks(its.absent)
            answered = answer(served.model, its, extras)
            for place, row in enumerate(rows):
                predictions[row] = prediction_of(served, answered, place)
            unseen.update(answered.unseen)
            remarks += answered.remarks
        if without:
            names, rows_words = (
                format_list(dict.fromkeys(without)),
                format_count(len(without), "row"),
            )
            remarks.append(f"{rows_words} of groups without a model: {names}.")
        head = self.name, self.version, self.models.index.target
        said = list(dict.fromkeys(remarks)) or None
        told = Answers(*head, predictions, dict(unseen) or None, said)
        return told.to_json(), len(records), unseen

    def _number(self, record: Any, row: int) -> tuple[int | None, str]:
        """Return the number of the model of a row, if there is one, and the text of its group."""
        if type(record) is not dict:
            raise InputError(
                f"Row {row} (counted from 0) is {json_word(record)}: give an object with a value"
                " for each column."
            )
        by = self.models.index.by
        absent = [name for name in by if name not in record]
        if absent:
            raise InputError(
                f"Row {row} (counted from 0) lacks {format_list(absent)}, which tells its group:"
                " add it (null where unknown)."
            )
        values = [record[name] for name in by]
        if any(type(value) in (dict, list) for value in values):
            raise InputError(f"The group of row {row} (counted from 0) is no text or number.")
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
