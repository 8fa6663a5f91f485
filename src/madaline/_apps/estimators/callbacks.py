"""Who is told of a running fit: the progress line, a function, and callbacks of scikit-learn.

Those of scikit-learn (`set_callbacks`, experimental there) are supported where its release has
them. Each epoch of the race is a task within the fit.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from math import inf
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self, TypeVar, final

from madaline._base.words import say

if TYPE_CHECKING:
    from madaline._models.fitting import Fitting
    from madaline.records.decision import Decision
    from madaline.records.history import Record

__all__ = ["Listeners", "with_teardown"]

try:
    from sklearn.callback import with_callbacks
except ImportError:  # scikit-learn before 1.9
    with_callbacks = None

_LAST_LOOK_SECONDS = 2.0  # how long a fit waits for an open page to get its end

Method = TypeVar("Method", bound=Callable[..., Any])


def with_teardown(method: Method) -> Method:
    """Decorate `fit`, so that callbacks are told of its end however it ends."""
    decorated: Method = with_callbacks(method) if with_callbacks else method
    return decorated


@final
class Listeners:
    """All that are told of one fit of an estimator to `X` and `y`."""

    def __init__(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        fitting: Fitting,
        # each returns True to ask for the end
        on_event: Callable[[Record | Decision], object] | None,
        on_epoch: Callable[[Record], object] | None,
        *,
        live: bool = False,
    ) -> None:
        from madaline._tell.progress.progress import Clock, choose_progress

        self._progress = choose_progress(
            sys.stdout if estimator.verbose else None,
            Clock(fitting.plan, estimator.time_limit, fitting.race.max_epochs),
            verbosity=estimator.verbose - 1,
        )
        self._on_event, self._on_epoch = on_event, on_epoch
        self._fitting = fitting
        self._live = _live_page(fitting) if live else None
        self._facts = {"estimator": estimator, "X": X, "y": y}
        self._root: Any = None
        self._of_epoch: list[Record] = []
        self._lowest_loss = inf
        if getattr(estimator, "_skl_callbacks", None):
            self._root = estimator._init_callback_context(max_subtasks=None)
            self._root.call_on_fit_task_begin(**self._facts)

    def __enter__(self) -> Self:
        """Start to show the fit."""
        if self._live is not None:
            self._live.__enter__()
        self._progress.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        """Leave the terminal as it was; an open page gets the end of the fit."""
        self._progress.__exit__(*failure)
        if self._live is not None:
            self._live.__exit__(*failure)
            if self._live.is_open:
                self._live.wait(_LAST_LOOK_SECONDS)

    def tell(self, record: Record, decision: Decision | None) -> bool:
        """Tell all of an event; return whether one of them asks for the end."""
        self._progress.show(record, decision)
        if self._live is not None:
            self._live.take(record, decision)
        event = record if decision is None else decision
        asked = self._on_event is not None and self._on_event(event) is True
        return (decision is None and self._end_epoch(record)) or asked

    def end(self) -> None:
        """Tell all of the end, once the estimator is fitted."""
        if self._live is not None:
            self._live.end(self._facts["estimator"].model_)
        if self._root is not None:
            estimator = self._facts["estimator"]
            attributes = dict(vars(estimator))
            self._root.call_on_fit_task_end(**self._facts, reconstruction_attributes=attributes)

    def _end_epoch(self, record: Record) -> bool:
        """Tell of an epoch if this is its last record; trees do not race, so theirs ends none."""
        self._of_epoch.append(record)
        self._lowest_loss = min(self._lowest_loss, record.best_loss)
        if len(self._of_epoch) < record.racing:
            return False
        leader = min(self._of_epoch, key=attrgetter("best_loss"))
        self._of_epoch = []
        asked = False
        if self._on_epoch is not None and record.racing:
            asked = self._on_epoch(replace(leader, best_loss=self._lowest_loss)) is True
        return self._end_task() or asked

    def _end_task(self) -> bool:
        """Call the hooks of scikit-learn."""
        if self._root is None:
            return False
        task = self._root.subcontext(task_name="epoch")
        task.call_on_fit_task_begin(**self._facts)
        stops = task.call_on_fit_task_end(
            **self._facts, reconstruction_attributes=self._attributes_so_far
        )
        return bool(stops)

    def _attributes_so_far(self) -> dict[str, Any]:
        """Return the attributes with which a copy of the estimator predicts as of now."""
        model = self._fitting.model_so_far()
        classes = getattr(model.predictor.target_encoder, "classes", None)
        return {"model_": model} | ({} if classes is None else {"classes_": classes})


def _live_page(fitting: Fitting) -> Any:
    """Return the page that shows a fit while it runs."""
    from madaline._apps.playground.live import LivePage

    return LivePage(fitting, lambda sentence: say(sentence, sys.stdout))
