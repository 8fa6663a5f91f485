"""Plans that take less memory: the first one that is within the limit, or a refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from madaline._data.encoders.table_encoder import TableEncoder
from madaline._data.kinds.category import MOST_FEATURES
from madaline._engine.memory import used_memory
from madaline._fitting.memory import OUTPUT_BYTES, TEXT_BYTES, Inputs, estimate
from madaline._race.plan import Plan
from madaline._words import count, size
from madaline.errors import InputError
from madaline.records.race_decisions import CheaperPlan

FEWER_FOLDS = 5
"""Folds of a plan that takes less memory, at most."""

NARROWINGS = (4, 16)
"""By what the numbers of levels and terms with a feature of their own are divided."""

REMEDY = "or raise the limit (memory_limit=, --memory)"


@dataclass(frozen=True, eq=False)
class Proposal:
    """How a table would be encoded and learned from (final).

    Parameters
    ----------
    encoder : TableEncoder
        Encodes the rows.
    plan : Plan
        What the race will do.
    n_workers : int
        Tasks that run at a time.
    changes : tuple of str
        What differs from the usual, in words.
    """

    encoder: TableEncoder
    plan: Plan
    n_workers: int
    changes: tuple[str, ...] = ()

    def n_bytes(self, n_samples: int, n_outputs: int) -> int:
        """Return the memory of the process with this plan, about."""
        inputs = Inputs.of(self.encoder, n_samples, n_outputs)
        return used_memory() + estimate(self.plan, inputs, self.n_workers)


@dataclass(frozen=True)
class MemoryLimit:
    """How much memory the process may take (final).

    Parameters
    ----------
    n_bytes : int or None
        The limit; None for none.
    """

    n_bytes: int | None

    def check_outputs(self, n_samples: int, n_outputs: int) -> None:
        """Raise `InputError` if the outputs alone take more, before any array of them is made."""
        needed = used_memory() + OUTPUT_BYTES * n_samples * n_outputs
        if self.n_bytes is not None and needed > self.n_bytes:
            raise InputError(
                f"The target has {count(n_outputs, 'class', 'classes')} in"
                f" {count(n_samples, 'row')}, which would take about {size(needed)} of memory,"
                f" more than the limit of {size(self.n_bytes)}: join rare classes, give fewer rows,"
                f" {REMEDY}."
            )

    def check_text(self, name: str, longest: int) -> None:
        """Raise `InputError` if the terms of the longest text of a column take more."""
        needed = used_memory() + TEXT_BYTES * longest
        if self.n_bytes is not None and needed > self.n_bytes:
            raise InputError(
                f"Column {name!r} has a text of {longest:,} characters, whose terms would take"
                f" about {size(needed)} of memory, more than the limit of {size(self.n_bytes)}:"
                f" shorten it, drop the column, {REMEDY}."
            )

    def choose(
        self,
        usual: Proposal,
        narrowed: Callable[[int], tuple[TableEncoder, Plan]],
        n_samples: int,
        n_outputs: int,
        *,
        given_folds: bool,
    ) -> tuple[Proposal, CheaperPlan | None]:
        """Return the first proposal that is within the limit, and what was decided.

        Parameters
        ----------
        usual : Proposal
            What would be done without a limit.
        narrowed : callable
            Returns the encoder and the plan for one of `NARROWINGS`.
        n_samples, n_outputs : int
            Rows, and raw outputs of a network.
        given_folds : bool
            Whether the number of folds was given, and must stay.

        Raises
        ------
        InputError
            If none is.
        """
        most = usual.n_bytes(n_samples, n_outputs)
        if self.n_bytes is None or most <= self.n_bytes:
            return usual, None
        proposal, needed = usual, most
        for proposal in _cheaper(usual, narrowed, given_folds=given_folds):
            needed = proposal.n_bytes(n_samples, n_outputs)
            if needed <= self.n_bytes:
                changes = "; ".join(proposal.changes)
                return proposal, CheaperPlan(0, "the plan", most, needed, self.n_bytes, changes)
        raise self._refusal(usual.encoder, n_samples, n_outputs, needed)

    def _refusal(
        self, encoder: TableEncoder, n_samples: int, n_outputs: int, needed: int
    ) -> InputError:
        if self.n_bytes is not None and n_outputs > max(2, encoder.n_features(0)):
            cause = f"The target has {count(n_outputs, 'class', 'classes')}"
            remedy = "join rare classes, give fewer rows"
        else:
            widest = max(encoder.encoders, key=lambda one: one.n_features)
            cause = (
                f"{count(n_samples, 'row')} of {count(len(encoder.columns), 'column')} become"
                f" {count(encoder.n_features(0), 'feature')}, most of them,"
                f" {widest.n_features:,}, from column {widest.name!r}"
            )
            remedy = "give fewer columns or rows (--drop, kinds={name: 'dropped'})"
        return InputError(
            f"{cause}, which would take about {size(needed)} of memory even with the cheapest plan,"
            f" more than the limit of {size(self.n_bytes or 0)}: {remedy}, {REMEDY}."
        )


UNLIMITED = MemoryLimit(None)


def _cheaper(
    usual: Proposal, narrowed: Callable[[int], tuple[TableEncoder, Plan]], *, given_folds: bool
) -> Iterator[Proposal]:
    """Yield proposals that take less and less; each keeps the changes of the one before.

    First what does not change the result, then what costs little accuracy.
    """
    one_at_a_time = replace(usual, n_workers=1)
    if usual.n_workers > 1:
        one_at_a_time = replace(one_at_a_time, changes=("networks train on one processor",))
        yield one_at_a_time
    steps = STEPS[: len(STEPS) - given_folds]
    yield from _stepwise(one_at_a_time, steps)
    for narrowing in NARROWINGS:
        encoder, plan = narrowed(narrowing)
        if encoder.n_features(0) < usual.encoder.n_features(0):
            *_, proposal = (one_at_a_time, *_stepwise(replace(one_at_a_time, plan=plan), steps))
            narrow = (
                f"categories keep {MOST_FEATURES // narrowing} levels, texts 1/{narrowing} of their"
                " terms"
            )
            yield replace(proposal, encoder=encoder, changes=(*proposal.changes, narrow))


def _stepwise(
    proposal: Proposal, steps: tuple[tuple[str, Callable[[Plan], Plan]], ...]
) -> Iterator[Proposal]:
    for words, step in steps:
        plan = step(proposal.plan)
        if plan != proposal.plan:
            proposal = replace(proposal, plan=plan, changes=(*proposal.changes, words))
        yield proposal


def _with_bins(most: int) -> Callable[[Plan], Plan]:
    def change(plan: Plan) -> Plan:
        few = tuple(recipe for recipe in plan.recipes if recipe.n_bins <= most)
        return replace(plan, recipes=few or plan.recipes)

    return change


def _one_recipe_each(plan: Plan) -> Plan:
    """Keep one time scale of each kind of recipe: the second one, as a rule the middle one."""
    kinds: dict[object, list[int]] = {}
    for place, recipe in enumerate(plan.recipes):
        kinds.setdefault((type(recipe), recipe.n_bins), []).append(place)
    kept = sorted(places[min(1, len(places) - 1)] for places in kinds.values())
    return replace(plan, recipes=tuple(plan.recipes[place] for place in kept))


def _few_folds(plan: Plan) -> Plan:
    return replace(plan, n_folds=min(plan.n_folds, FEWER_FOLDS))


STEPS: tuple[tuple[str, Callable[[Plan], Plan]], ...] = (
    ("numbers get at most 16 bins", _with_bins(16)),
    ("numbers get no bins", _with_bins(0)),
    ("one recipe of each kind races", _one_recipe_each),
    (f"at most {FEWER_FOLDS} folds", _few_folds),
)
"""What a plan leaves out, in this order, and how it is said."""
