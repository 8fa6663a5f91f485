"""What a race will do, decided before it starts; and presets, the choices between time and loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, inf
from typing import Any, final

from madaline._base.language import _
from madaline._race.recipe import Recipe
from madaline.errors import InputError
from madaline.records.race_decisions import PresetChosen


@dataclass(frozen=True)
class Plan:
    """What a race will do, decided before it starts (`madaline._race.planning`)."""

    recipes: tuple[Recipe, ...]  # those that start
    n_folds: int  # networks of each recipe; each learns from the rows outside its fold
    batch_size: int  # rows in a batch
    epochs: int = 100  # epochs of a network, at most
    patience: int = 6  # epochs without improvement after which a recipe is flat
    patience_of_copies: int = 3  # the same for recipes that continue from the best epoch of another
    # a gain of less than this share of what was learned is none
    flat_gain: float = 0.0
    # a flat recipe continues while its latest outputs lower the loss of the ensemble by this share
    least_gain: float = 0.002
    # after which epochs losers are dropped, and how many recipes stay
    cuts: tuple[tuple[int, int], ...] = ((3, 6), (6, 4), (12, 2))
    lowest_rate: float = 0.001  # the lowest learning rate that a flat leader goes on with
    # the leader overfits if its loss on rows it learned from is below this share of its out-of-fold
    # loss; then it is simplified
    overfit: float = 0.97
    # rows that a network must learn from for each of its parameters to grow
    rows_for_a_parameter: float = 2.0
    fewest_columns: int = 16  # in tables of fewer columns none is hidden
    widest: int = 256  # units of a layer, at most
    # work that is expected, as a share of that of a usual race of as many epochs: it decides
    # whether compiled training is worth loading
    expected_work: float = 1.0
    # share of the loss, or of its distance from that of a baseline if that is less, by which it may
    # rise when the ensemble is pruned, a standard error included
    tolerance: float = 0.002
    n_final: int = 0  # networks of each recipe that learn from all rows, beside those of the folds
    trees: bool = True  # whether boosted trees race after the networks


NETWORKS, ALL = MEMBERS = ("networks", "all")  # what may predict: networks alone, or trees beside

# Rows that are left for each fold, at least, where a preset has more folds than usual
_ROWS_OF_FOLD = 10


_MAX_SMALL_ROWS = 1200  # of a table of few rows, whose losses are told apart later


@final
@dataclass(frozen=True)
class PresetSettings:
    """What the plan for a table is made with, beside what the table decides."""

    folds: float = 1.0  # number of folds, as a share of the usual number
    # fields of `madaline._race.plan.Plan` that differ from their defaults. Plans for images,
    # sequences, sounds and texts have cuts and batches of their own
    plan: Mapping[str, Any] = field(default_factory=dict)

    def count_folds(self, usual: int, n_rows: int) -> int:
        """Return the number of folds for so many rows, given the usual one."""
        return min(ceil(self.folds * usual), max(usual, n_rows // _ROWS_OF_FOLD))


@final
@dataclass(frozen=True)
class Preset:
    """A choice between time and loss."""

    name: str  # what users call it
    tables: PresetSettings  # what it changes for tables
    others: PresetSettings = PresetSettings()  # for images, sounds, sequences and texts alone
    words: str = ""  # what it changes, for people; empty for the usual
    small: PresetSettings | None = None  # for tables of few rows, where it changes something else

    @property
    def decision(self) -> PresetChosen | None:
        """What is kept among the decisions of a fit; nothing of the usual."""
        return PresetChosen(0, "the plan", self.name, self.words) if self.words else None

    def settings(self, n_samples: int, *, table: bool = True) -> PresetSettings:
        """Return the settings for so many rows of a table, or of something else."""
        if not table:
            return self.others
        return self.small if self.small and n_samples <= _MAX_SMALL_ROWS else self.tables


# Beside later cuts, a patience of six epochs, and copies of the leader that learn slower, the
# loss on 40 tables was .997 in .55 of the time (benchmarks/adapting)
BALANCED = Preset(
    "balanced",
    PresetSettings(plan={"cuts": ((2, 6), (4, 4), (8, 2)), "patience": 4, "lowest_rate": inf}),
)

_SHORT: Mapping[str, Any] = {
    "patience": 3,
    "lowest_rate": inf,
    "rows_for_a_parameter": inf,
    "tolerance": 0.0,
    "expected_work": 0.15,
}
_SHORT_OF_TABLES = {**_SHORT, "cuts": ((1, 6), (2, 4), (4, 2), (8, 1)), "trees": False}

# With half of the folds and one recipe left after four epochs, the loss on 40 tables was 4 % higher
# (benchmarks/adapting)
QUICK = Preset(
    "quick",
    PresetSettings(0.8, _SHORT_OF_TABLES),
    PresetSettings(0.8, _SHORT),
    "fewer folds, recipes stopped earlier, no growth, no pruning, no boosted trees",
    PresetSettings(0.8, {**_SHORT_OF_TABLES, "cuts": ((2, 5), (4, 2), (8, 1)), "patience": 4}),
)

_LONG: Mapping[str, Any] = {"least_gain": 0.0004}

_BEST = Preset(
    "best",
    PresetSettings(4.0, {**_LONG, "lowest_rate": inf}),
    PresetSettings(4.0, _LONG),
    "up to four times the folds, and training goes on for smaller gains",
)

PRESETS = {preset.name: preset for preset in (QUICK, BALANCED, _BEST)}


def preset_named(name: Any) -> Preset:
    """Return a preset, or raise `InputError` if there is none of that name.

    >>> preset_named("fast")
    Traceback (most recent call last):
    madaline.errors.InputError: preset is 'fast': give 'quick', 'balanced' or 'best'.
    """
    if isinstance(name, str) and name in PRESETS:
        return PRESETS[name]
    *others, last = map(repr, PRESETS)
    raise InputError(
        "preset is {name!r}: give {others} or {last}.",
        name=name,
        others=_(", ").join(others),
        last=last,
    )
