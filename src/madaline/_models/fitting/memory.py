"""The memory that a fit will take, and plans that take less where it is too much."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import final

from madaline._base.language import _
from madaline._base.words import format_count, format_size
from madaline._race.architecture import build_network, width
from madaline._race.cohort import GROUP_PARAMETERS
from madaline._race.features import NetworkInputs
from madaline._race.plan import Plan
from madaline._race.recipe import GridRecipe, PatternRecipe, Recipe
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.kinds.category import MAX_LEVEL_FEATURES
from madaline.errors import InputError
from madaline.nn._engine.memory import used_memory
from madaline.nn._engine.numpy_backend import MIN_COMPILED_WORK, has_numba
from madaline.records.race_decisions import CheaperPlan

_FLOAT = 4  # bytes of a number in networks and encoded rows

_MATRICES = 4
"""Numbers for each parameter: its value, two of the optimizer, and that of the best epoch."""

_MATRICES_OF_TASK = 6  # the same within a task: copies of three, the gradient, and scratch

OUTPUT_BYTES = 40
"""Bytes for each row and output: targets, outputs and probabilities, some in float64."""

_COLUMN_BYTES = 24
"""Bytes for each row and column: the column in the order of the folds, and as it is read."""

_WAITING_BYTES = 16  # for each row and column of a large table: as it is given, and as it is read

_BYTES_OF_COLUMN, _BYTES_OF_FEATURE = 8 * 2**10, 10 * 2**10
"""Bytes for each column and each feature, whatever the rows: encoders, profiles, and the weights of
ensembles that are pruned and diagnosed. Measured on tables of 5,000 to 20,000 columns."""

TEXT_BYTES = 100  # bytes for each character of a text whose terms are counted, at most
LIBRARIES = 20 * 2**20  # bytes of code that is loaded for training
_COMPILED = 110 * 2**20  # the same where training is compiled: numba, SciPy and what was compiled
_PROCESS = 80 * 2**20  # bytes of each further process that trains

_LAYERS_OF_WORK, _LAYERS_OF_GRIDS = 6, 80
"""Outputs of the widest layer that a step holds for each network of a group, at most, and the same
with convolutions: they hold every window and what augmentation makes of a row."""

_NUMBERS_OF_ROW_SPACES = 4
"""The spaces of rows keep features in float64, all of them and half of them."""

_COPIES = 1  # copies of the features without bins that the diagnosis makes

_NUMBERS_OF_TERM = 6
"""Numbers for each term of a text: its value and its index, where they stand, and copies."""

_ROWS_WITH_ZEROS = 1024  # rows of texts that have their zeros at a time, at least
_MAX_REDUCED_FOLDS = 5  # folds of a plan that takes less memory, at most

_NARROWINGS = (4, 16)
"""By what the numbers of levels and terms with a feature of their own are divided."""

_REMEDY = "or raise the limit (memory_limit=)"


@final
@dataclass(frozen=True, eq=False)
class Proposal:
    """How a table would be encoded and learned from."""

    encoder: TableEncoder
    plan: Plan
    n_workers: int  # tasks that run at a time
    changes: tuple[str, ...] = ()  # what differs from the usual, in words
    n_waiting: int = (
        0  # rows of a large table in memory, of which a block is learned from at a time
    )

    def n_bytes(self, n_samples: int, n_outputs: int) -> int:
        """Return the memory of the process with this plan, about."""
        inputs = ExpectedInputs.of(self.encoder, n_samples, n_outputs)
        of_row = _WAITING_BYTES * len(self.encoder.encoders) + _FLOAT * (
            n_outputs + self.plan.n_folds
        )
        return used_memory() + estimate(self.plan, inputs, self.n_workers) + self.n_waiting * of_row


@final
@dataclass(frozen=True)
class MemoryLimit:
    """How much memory the process may take."""

    n_bytes: int | None  # the limit; None for none

    def allows(self, n_bytes: int) -> bool:
        """Return whether so many more bytes are within the limit."""
        return self.n_bytes is None or used_memory() + n_bytes <= self.n_bytes

    def check_outputs(self, n_samples: int, n_outputs: int) -> None:
        """Raise `InputError` if the outputs alone take more, before any array of them is made."""
        needed = used_memory() + OUTPUT_BYTES * n_samples * n_outputs
        if self.n_bytes is not None and needed > self.n_bytes:
            raise InputError(
                "The target has {classes} in {rows}, which would take about {needed} of memory, more than the limit of {n_bytes}: join rare classes, give fewer rows, {REMEDY}.",
                classes=format_count(n_outputs, "class", "classes"),
                rows=format_count(n_samples, "row"),
                needed=format_size(needed),
                n_bytes=format_size(self.n_bytes),
                REMEDY=_REMEDY,
            )

    def check_text(self, name: str, longest: int) -> None:
        """Raise `InputError` if the terms of the longest text of a column take more."""
        needed = used_memory() + TEXT_BYTES * longest
        if self.n_bytes is not None and needed > self.n_bytes:
            raise InputError(
                "Column {name!r} has a text of {longest:,} characters, whose terms would take about {needed} of memory, more than the limit of {n_bytes}: shorten it, drop the column, {REMEDY}.",
                name=name,
                longest=longest,
                needed=format_size(needed),
                n_bytes=format_size(self.n_bytes),
                REMEDY=_REMEDY,
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
        """Return the first proposal that is within the limit, and what was decided."""
        most = usual.n_bytes(n_samples, n_outputs)
        if self.n_bytes is None or most <= self.n_bytes:
            return usual, None
        proposal, needed = usual, most
        for proposal in _cheaper(usual, narrowed, given_folds=given_folds):
            needed = proposal.n_bytes(n_samples, n_outputs)
            if needed <= self.n_bytes:
                changes = _("; ").join(proposal.changes)
                return proposal, CheaperPlan(0, "the plan", most, needed, self.n_bytes, changes)
        raise self._refusal(usual.encoder, n_samples, n_outputs, needed)

    def _refusal(
        self, encoder: TableEncoder, n_samples: int, n_outputs: int, needed: int
    ) -> InputError:
        if self.n_bytes is not None and n_outputs > max(2, encoder.n_features(0)):
            cause = _("The target has {classes}").format(
                classes=format_count(n_outputs, "class", "classes")
            )
            remedy = "join rare classes, give fewer rows"
        else:
            widest = max(encoder.encoders, key=lambda own: own.n_features)
            cause = _(
                "{rows} of {columns} become {features}, most of them, {n_features:,}, from column {name!r}"
            ).format(
                rows=format_count(n_samples, "row"),
                columns=format_count(len(encoder.columns), "column"),
                features=format_count(encoder.n_features(0), "feature"),
                n_features=widest.n_features,
                name=widest.name,
            )
            remedy = "give fewer columns or rows"
        return InputError(
            "{cause}, which would take about {needed} of memory even with the cheapest plan, more than the limit of {n_bytes}: {remedy}, {REMEDY}.",
            cause=cause,
            needed=format_size(needed),
            n_bytes=format_size(self.n_bytes or 0),
            remedy=remedy,
            REMEDY=_REMEDY,
        )


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
    steps = _STEPS[: len(_STEPS) - given_folds]
    yield from _stepwise(one_at_a_time, steps)
    for narrowing in _NARROWINGS:
        encoder, plan = narrowed(narrowing)
        if encoder.n_features(0) < usual.encoder.n_features(0):
            *__, proposal = (one_at_a_time, *_stepwise(replace(one_at_a_time, plan=plan), steps))
            narrow = _(
                "categories keep {MAX_LEVEL_FEATURES} levels, texts 1/{narrowing} of their terms"
            ).format(MAX_LEVEL_FEATURES=MAX_LEVEL_FEATURES // narrowing, narrowing=narrowing)
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
    chosen = sorted(places[min(1, len(places) - 1)] for places in kinds.values())
    return replace(plan, recipes=tuple(plan.recipes[place] for place in chosen))


def _few_folds(plan: Plan) -> Plan:
    return replace(plan, n_folds=min(plan.n_folds, _MAX_REDUCED_FOLDS))


_STEPS: tuple[tuple[str, Callable[[Plan], Plan]], ...] = (
    ("numbers get at most 16 bins", _with_bins(16)),
    ("numbers get no bins", _with_bins(0)),
    ("one recipe of each kind races", _one_recipe_each),
    (
        _("at most {MAX_REDUCED_FOLDS} folds").format(MAX_REDUCED_FOLDS=_MAX_REDUCED_FOLDS),
        _few_folds,
    ),
)
"""What a plan leaves out, in this order, and how it is said."""


@final
@dataclass(frozen=True)
class ExpectedInputs:
    """What networks will see of a table and predict: enough to know their layers."""

    inputs: NetworkInputs  # all encodings; what rises with time is not known yet
    n_outputs: int
    n_samples: int
    n_columns: int  # that are used
    n_means: int = 0  # features that differ from fold to fold
    terms_of_a_row: float | None = None  # numbers that are not zero, where only these are kept

    @classmethod
    def of(cls, encoder: TableEncoder, n_samples: int, n_outputs: int) -> ExpectedInputs:
        """Return what networks will see through an encoder."""
        return cls(
            NetworkInputs.of(encoder, encoder.n_bins),
            n_outputs,
            n_samples,
            len(encoder.columns),
            sum(getattr(own, "n_means", 0) for own in encoder.encoders),
            encoder.terms_of_a_row,
        )

    def width(self, n_bins: int) -> int:
        """Return the number of features of an encoding."""
        return len(self.inputs.columns[n_bins])


def estimate(plan: Plan, inputs: ExpectedInputs, n_workers: int = 1) -> int:
    """Return the bytes that a fit will take beside the table itself, about."""
    n_samples = inputs.n_samples
    n_folds = plan.n_folds + plan.n_final
    numbers = _numbers_of_rows(plan, inputs)
    networks, work, multiply_adds = 0, 0, 0
    for recipes in _alike(plan.recipes):
        network = build_network(recipes[0], inputs.inputs, inputs.n_outputs)
        n_recipes = len(recipes)
        n_parameters = network.layout.size
        networks += _MATRICES * n_recipes * n_folds * n_parameters
        multiply_adds += n_recipes * network.training_multiply_adds()
        folds_each = min(n_folds, GROUP_PARAMETERS // (n_recipes * n_parameters))
        layers = _LAYERS_OF_WORK
        if isinstance(recipes[0], GridRecipe):
            folds_each = 1
            layers = _LAYERS_OF_GRIDS
        widest = width(recipes[0], inputs.inputs, inputs.n_outputs)
        activations = layers * widest + inputs.n_outputs
        batch = plan.batch_size * (inputs.width(recipes[0].n_bins) + activations)
        together = n_recipes * max(1, folds_each)
        work = max(work, together * (_MATRICES_OF_TASK * n_parameters + batch))
    trained = _FLOAT * (numbers + networks + n_workers * work)
    outputs = OUTPUT_BYTES * n_samples * inputs.n_outputs
    columns = (_COLUMN_BYTES * n_samples + _BYTES_OF_COLUMN) * inputs.n_columns
    if inputs.terms_of_a_row is None:
        columns += _BYTES_OF_FEATURE * inputs.width(0)
    work_planned = plan.epochs * n_folds * n_samples * multiply_adds
    return trained + outputs + columns + _code(work_planned, n_workers)


def _numbers_of_rows(plan: Plan, inputs: ExpectedInputs) -> int:
    """Return how many numbers the encoded rows have, with copies of them."""
    n_samples = inputs.n_samples
    width = inputs.width(0)
    if inputs.terms_of_a_row is not None:
        with_zeros = min(n_samples, max(_ROWS_WITH_ZEROS, n_samples // plan.n_folds))
        return int(_NUMBERS_OF_TERM * n_samples * inputs.terms_of_a_row) + with_zeros * width
    used = {0} | {recipe.n_bins for recipe in plan.recipes}
    numbers = n_samples * (sum(map(inputs.width, used)) + _COPIES * width)
    if inputs.n_means:  # each fold has its own, beside a copy of the evaluated rows
        numbers += n_samples * (plan.n_folds * inputs.n_means + width)
    if any(isinstance(recipe, PatternRecipe) for recipe in plan.recipes):
        numbers += _NUMBERS_OF_ROW_SPACES * n_samples * (n_samples + width)
    return numbers


def _code(multiply_adds: int, n_workers: int) -> int:
    """Return the bytes of the code that trains, and of the processes that run it."""
    if has_numba() and multiply_adds >= MIN_COMPILED_WORK:
        return _COMPILED
    return LIBRARIES + (n_workers - 1) * _PROCESS


def _alike(recipes: tuple[Recipe, ...]) -> list[list[Recipe]]:
    """Return the recipes in groups whose networks have the same layers."""

    def layers(recipe: Recipe) -> str:
        return repr(replace(recipe, decay_time=0.0, learning_rate=0.0))

    return [list(alike) for _, alike in groupby(sorted(recipes, key=layers), layers)]
