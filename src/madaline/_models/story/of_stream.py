"""The story of a learner of a stream: what learns, what changed, what came back, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from madaline._base.language import _, ngettext
from madaline._base.words import format_count, format_share
from madaline._models.online.learner import OnlineLearner
from madaline._models.story.story import Part, Story
from madaline.records.decision import Decision
from madaline.records.model_decisions import LeadChanged
from madaline.records.regimes import Regime, RegimeReturned

_MAX_TOLD = 3  # changes, returns and regimes that are told, at most, unless all are asked for
_FEW_ROWS = 500  # the mean weights of networks are over about so many
_LATELY = 1000  # rows


def tell_stream(learner: OnlineLearner, *, full: bool = False) -> Story:
    """Return the story of a learner; `full`: with everything that it remembers."""
    n_rows = learner.n_learned
    leads = learner.leads.decisions
    returns = learner.memory.decisions
    regimes = learner.memory.table(n_rows)
    most = max(len(leads), len(returns), len(regimes)) if full else _MAX_TOLD
    parts: dict[Part, list[str]] = {
        "tried": [_population(learner)],
        "seen": [_learned(learner), *_latest(leads, most)],
        "time": [*_latest(returns, most)],
        "kept": [*_regimes(regimes, learner.memory.max_regimes, most)],
        "next": [_next(n_rows, leads, returns)],
    }
    return Story({part: texts for part, texts in parts.items() if texts})


def _population(learner: OnlineLearner) -> str:
    scales = learner.scales
    return _(
        "{networks} learn side by side, with {n_rates} learning rates and {n_memories} memories, from {shortest:,} to {longest:,} rows; each is weighed by how well it predicts lately."
    ).format(
        networks=format_count(len(scales), "network"),
        n_rates=len({*scales.learning_rates.ravel().tolist()}),
        n_memories=len({*scales.horizons.ravel().tolist()}),
        shortest=int(scales.horizons.min()),
        longest=int(scales.horizons.max()),
    )


def _learned(learner: OnlineLearner) -> str:
    return ngettext(
        "{n:,} row was learned, of {columns}.",
        "{n:,} rows were learned, of {columns}.",
        learner.n_learned,
    ).format(n=learner.n_learned, columns=format_count(len(learner.columns.names), "column"))


def _latest(decisions: Sequence[Decision], most: int) -> Iterator[str]:
    """Yield the latest decisions, and how many came before."""
    earlier = max(0, len(decisions) - most)
    if earlier:
        yield ngettext(
            "{n:,} earlier change is not told here.",
            "{n:,} earlier changes are not told here.",
            earlier,
        ).format(n=earlier)
    yield from (decision.sentence for decision in decisions[earlier:])


def _regimes(regimes: Sequence[Regime], max_regimes: int, most: int) -> Iterator[str]:
    """Yield how many regimes are remembered, and the most frequent ones."""
    if not max_regimes:
        yield _("No regime is remembered, as max_regimes is 0.")
        return
    if not regimes:
        yield _("No regime is remembered yet.")
        return
    yield ngettext(
        "{n:,} regime is remembered.", "{n:,} regimes are remembered.", len(regimes)
    ).format(n=len(regimes))
    for regime in sorted(regimes, key=lambda one: -one.share)[:most]:
        yield _("Regime {name} reigned in rows {rows} ({share} of all).").format(
            name=regime.name, rows=regime.rows, share=format_share(regime.share)
        )


def _next(n_rows: int, leads: Sequence[LeadChanged], returns: Sequence[RegimeReturned]) -> str:
    if n_rows < _FEW_ROWS:
        return _(
            "Learn more rows: what changed is told after about {few:,}, what came back later."
        ).format(few=_FEW_ROWS)
    lately = n_rows - _LATELY
    if returns and returns[-1].epoch > lately:
        return _(
            "Regime {name} is back, so changes of the lead since row {since:,} need no other reason: save the model, as its file keeps the regimes."
        ).format(name=returns[-1].name, since=returns[-1].since)
    if any(one.rows < one.rows_before and one.epoch > lately for one in leads):
        return _(
            "Something may have changed lately: a monitor (watch) tells in which columns, and since when."
        )
    if returns:
        return _(
            "What was there came back, and may do so again: save the model, as its file keeps the regimes."
        )
    return _(
        "Go on learning: nothing seems to have changed lately. A monitor (watch) tells if it does."
    )
