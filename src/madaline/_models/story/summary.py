"""What a fit came to: a summary in numbers, and a glance at it for notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, final

import numpy as np

from madaline._base.codec import Count, Items, LongText, RoundedShare, Stored
from madaline._base.json_checks import (
    TRUTH,
    OneOf,
    Whole,
)
from madaline._base.language import _
from madaline._base.words import (
    for_command_line,
    format_count,
    metric_name,
)
from madaline._models.diagnosis.finding import Diagnosis
from madaline._models.diagnosis.out_of_fold import holm, normal_p_value
from madaline._models.request import FitRequest
from madaline._models.story.forward import (
    forward_sentences,
    tell_held_out,
    tell_last_known,
    tell_series,
)
from madaline._race.evaluation.leakage import Leak, join_leaks
from madaline._race.evaluation.score import Score
from madaline._race.evaluation.scores import Scores
from madaline._race.importance import Importance, Importances
from madaline._race.time.forward import ForwardScores
from madaline._tables.formats.number_format import NumberFormat
from madaline._tables.target import CLASSIFICATION, REGRESSION
from madaline._tables.target.joint_encoder import MAX_OUTPUTS
from madaline.records._results.blocks import (
    Block,
    Charts,
    Findings,
    Paragraph,
    Section,
    TextTable,
    more,
)

_BY_CHANCE = 0.05  # probability that any column without an effect has a clear one

GIVEN = ("sample_weight", "groups", "folds", "time")
"""What may be given to a fit beside a table and a target."""

_Scores = Annotated[tuple[Score, ...], Items(least=1, most=100)]


@final
@dataclass(frozen=True)
class Member(Stored):
    """A recipe of the prediction, or a snapshot of it."""

    recipe_id: str  # which recipe of the race
    name: str  # its name, for people; of a snapshot, with its epoch
    weight: RoundedShare  # its share of the prediction
    # units of each hidden layer of its networks
    units: Annotated[tuple[Annotated[int, Whole(0, 2**24)], ...], Items(most=256)]
    pruned: bool = False  # whether they had more units in the race
    trees: Count = 0  # boosted trees of each output and fold; zero of networks

    def to_json(self) -> dict[str, Any]:
        """Return the member as JSON-able values; of networks, without a number of trees."""
        values = super().to_json()
        return values if self.trees else {k: v for k, v in values.items() if k != "trees"}


@final
@dataclass(frozen=True)
class Output(Stored):
    """One of several targets, or of several quantiles of a target."""

    name: str  # name of the target, or level of the quantile
    scores: _Scores  # its out-of-fold scores
    # by how many standard errors its loss is below that of a constant prediction
    standard_errors_better: float
    # how much each column matters to it, the most important first
    importances: tuple[Importance, ...] = ()


@final
@dataclass(frozen=True)
class LinearScore(Stored):
    """What a linear model reaches on the same folds."""

    scores: _Scores
    # by how many standard errors the loss of the model is below that of the linear one, row by row
    standard_errors_better: float

    @property
    def sentence(self) -> str:
        """Its first score and the loss, and how it compares, in a sentence."""
        shown = [one for one in self.scores[1:] if one.metric in ("log_loss", "rmse")]
        told = [
            f"{metric_name(one.metric)} {one.texts([one.value])[0]}"
            for one in (self.scores[0], *shown)
        ]
        reached = told[0]
        if len(told) > 1:
            reached = _("{first} and {second}").format(first=told[0], second=told[1])
        if self.standard_errors_better < -1:
            return _("A linear model does better on the same folds: {reached}.").format(
                reached=reached
            )
        if self.standard_errors_better <= 1:
            return _(
                "A linear model does as well on the same folds: {reached}, within one standard error."
            ).format(reached=reached)
        return _("A linear model reaches {reached} on the same folds.").format(reached=reached)


@dataclass(frozen=True)
class Summary(Stored):
    """What a fit came to, in numbers."""

    task: Annotated[str, OneOf((CLASSIFICATION, REGRESSION))]  # what is predicted
    target: LongText  # name of the target column, or of several, with commas
    # rows learned from, rows among them that were evaluated, columns used, folds, and epochs that
    # the race took
    n_samples: int
    n_evaluated: int
    n_columns: int
    n_folds: int
    epochs: int
    multiply_adds: float  # work of the race and of pruning
    scores: _Scores  # out-of-fold scores, before pruning
    # by how many standard errors the loss is below that of a constant prediction
    standard_errors_better: float
    # the recipes of the prediction, the largest weight first
    members: Annotated[tuple[Member, ...], Items(least=1)]
    # work of predicting a row, and what it was before pruning
    row_multiply_adds: int
    row_multiply_adds_before: int
    leaks: tuple[Leak, ...] = ()  # columns that all but give the target away
    # how much each column matters on rows that the networks never saw, the most important first
    importances: tuple[Importance, ...] = ()
    request: FitRequest = field(default_factory=FitRequest)  # what was asked of the fit
    # what it was given beside the table and the target
    given: tuple[Annotated[str, OneOf(GIVEN)], ...] = ()
    of_probabilities: bool = False  # whether columns of the target are probabilities of classes
    # the results of each, where several targets or quantiles are predicted; the scores and the
    # importances above are then means
    outputs: Annotated[tuple[Output, ...], Items(2, MAX_OUTPUTS)] = ()
    # scores of each stretch of time, where networks were evaluated on later rows alone
    forward: ForwardScores | None = None
    linear: LinearScore | None = None  # beside a linear model, where one was fitted
    told = {"learned": TRUTH}  # noqa: RUF012

    def __repr__(self) -> str:
        """Return the target, the size and the first score in one line."""
        score = f", {self.scores[0]}" if self.scores else ""
        return (
            f"<Summary of {self.target}: {format_count(self.n_samples, 'row')}, {self.predictors()}"
            f"{score}>"
        )

    @property
    def n_networks(self) -> int:
        """Number of networks that predict."""
        return self._n_predicting * sum(not member.trees for member in self.members)

    @property
    def _n_predicting(self) -> int:
        """Number of networks, or of sums of trees, of each recipe."""
        final = 0 if self.forward is None else self.forward.n_final
        return final or self.n_folds

    def predictors(self, network: str = "network") -> str:
        """Return how many networks, or sums of boosted trees, predict, in words."""
        sums = len(self.members) * self._n_predicting - self.n_networks
        named = [(self.n_networks, network), (sums, "sum")]
        words = _(" and ").join(format_count(number, word) for number, word in named if number)
        return _("{words} of boosted trees").format(words=words) if sums else words

    @property
    def learned(self) -> bool:
        """Whether the networks are clearly better than the baseline: by two standard errors."""
        return self.standard_errors_better > 2

    @property
    def clear_importances(self) -> tuple[Importance, ...]:
        """Columns that matter clearly; by chance not one in 19 of 20 fits, however many there are.

        None where the networks are not clearly better than the baseline.
        """
        candidates = [one for one in self.importances if one.clear and self.learned]
        others = [1.0] * (len(self.importances) - len(candidates))
        p_values = [
            normal_p_value(one.value / one.standard_error) / 2 if one.standard_error else 0.0
            for one in candidates
        ]
        clear = holm(np.array([*p_values, *others]), _BY_CHANCE).tolist()
        return tuple(one for one, is_clear in zip(candidates, clear, strict=False) if is_clear)

    def worded(self, *sentences: str) -> list[str]:
        """Return sentences that name options where the fit was on the command line."""
        by_command_line = bool(self.request.source)
        return [for_command_line(one) if by_command_line else one for one in sentences]

    @property
    def leak_sentences(self) -> list[str]:
        """What leaks each target, and what to do."""
        return self.worded(*map(str, join_leaks(self.leaks)))

    @property
    def on_later_rows(self) -> list[str]:
        """What to know first of scores of later rows, in sentences; often nothing."""
        of_numbers, time = self.task == REGRESSION, self.request.time
        sentences = forward_sentences(self.forward, of_numbers=of_numbers, time=time)
        return self.worded(*sentences)

    @property
    def beside(self) -> list[str]:
        """What to know beside the scores, in sentences: a linear model's, and of later rows."""
        linear = [] if self.linear is None else [self.linear.sentence]
        return [*linear, *self.on_later_rows]

    @property
    def promised(self) -> Score | None:
        """The score of later rows in the metric of the stretches of time, if there is one."""
        metric = self.forward.metric if self.forward and self.of_later_rows else ""
        return next((score for score in self.scores if score.metric == metric), None)

    @property
    def unexpected(self) -> list[str]:
        """What nobody asked for or hoped for of scores of later rows, in sentences."""
        if self.forward is None:
            return []
        last_known = tell_last_known(
            self.forward, of_numbers=self.task == REGRESSION, lags=bool(self.request.time.lags)
        )
        noticed = "" if self.forward.noticed is None else tell_held_out(self.forward)
        scores = self.forward.by_series
        of_series = tell_series(self.forward) if scores and scores.is_unexpected else ""
        return [*filter(None, (last_known, of_series, noticed))]

    @property
    def of_later_rows(self) -> bool:
        """Whether scores are of rows that were predicted from earlier ones alone."""
        return self.forward is not None and self.forward.of_later_rows

    @property
    def how_evaluated(self) -> str:
        """What predicted a row that the scores are of, in words."""
        if self.of_later_rows:
            return _("by {kinds} that learned from earlier rows alone").format(kinds=self.kinds)
        return _("by {kinds} that were not trained on it").format(kinds=self.kinds)

    @property
    def kinds(self) -> str:
        """What predicts, in words: networks, trees, or both."""
        trees = any(member.trees for member in self.members)
        networks = not all(member.trees for member in self.members)
        if trees and networks:
            return _("{first} and {second}").format(first=_("networks"), second=_("trees"))
        return _("trees") if trees else _("networks")

    @property
    def scored_rows(self) -> str:
        """Which rows the scores are of, in words."""
        if self.of_later_rows:
            return "rows later than those that the networks learned from"
        return "rows that the model was not trained on"

    @property
    def output_metrics(self) -> list[str]:
        """Metrics that say how good each output is: R² is not one of a quantile."""
        metrics = [one.metric for one in self.outputs[0].scores] if self.outputs else []
        return ["mean_pinball_loss"] if "mean_pinball_loss" in metrics else metrics

    def of_output(self, index: int, title: str) -> Summary:
        """Return the summary of one of several outputs, as if it alone were predicted."""
        own = self.outputs[index]
        return replace(
            self,
            target=title,
            scores=own.scores,
            standard_errors_better=own.standard_errors_better,
            importances=own.importances,
            outputs=(),
        )

    def in_unit(self, target: NumberFormat | None) -> Summary:
        """Return the summary with scores as they are written where the target is written so."""
        linear, forward = self.linear, self.forward
        return replace(
            self,
            scores=_in_unit(self.scores, target),
            outputs=tuple(replace(o, scores=_in_unit(o.scores, target)) for o in self.outputs),
            linear=linear and replace(linear, scores=_in_unit(linear.scores, target)),
            forward=forward and forward.in_unit(target),
        )

    def to_json(self) -> dict[str, Any]:
        values = super().to_json()
        for name in ("outputs", "forward"):
            if not values[name]:
                del values[name]
        return values | {"learned": self.learned}


def _in_unit(scores: _Scores, target: NumberFormat | None) -> _Scores:
    return tuple(score.in_unit(target) for score in scores)


MAX_COLUMNS = 5  # columns that are shown, at most
_MAX_SHOWN = 12  # targets that are shown, at most


def glance(summary: Summary, diagnosis: Diagnosis | None = None) -> Iterator[Section]:
    """Yield a short account of a fit; findings of low severity are left out."""
    lead = _(
        "Predicts {target} from {columns} with {predictors}, trained on {rows}; each of {n_evaluated:,} predicted {how_evaluated}."
    ).format(
        target=summary.target,
        columns=format_count(summary.n_columns, "column"),
        predictors=summary.predictors(),
        rows=format_count(summary.n_samples, "row"),
        n_evaluated=summary.n_evaluated,
        how_evaluated=summary.how_evaluated,
    )
    yield Section([Paragraph(lead)])
    if not summary.learned:
        yield Section([Paragraph("Not clearly better than the baseline.", "medium")])
    yield from Scores(summary.scores).sections()
    yield Section([*map(Paragraph, summary.beside)])
    if summary.forward is not None:
        yield Section([Charts([summary.forward.figure(summary.promised)])])
    if summary.outputs:
        yield Section(_outputs(summary))
    if clear := Importances(summary.clear_importances):
        yield Section(clear.blocks(MAX_COLUMNS))
    if findings := [one for one in diagnosis or () if one.severity != "low"]:
        yield Section([Findings(findings)])


def _outputs(summary: Summary) -> list[Block]:
    """Return the scores of each of several targets or quantiles, as a table."""
    shown = summary.outputs[:_MAX_SHOWN]
    metrics = summary.output_metrics
    rows = [[one.name, *(estimate_of(one, metric) for metric in metrics)] for one in shown]
    heads = ["each by itself", *map(metric_name, metrics)]
    told = TextTable(heads, rows, right=range(1, len(heads)))
    return [told, *more(len(shown), len(summary.outputs), "targets")]


def estimate_of(output: Output, metric: str) -> str:
    """Return a score of an output with its standard error; empty if there is none."""
    scores = (score for score in output.scores if score.metric == metric)
    return next((score.estimate for score in scores), "")
