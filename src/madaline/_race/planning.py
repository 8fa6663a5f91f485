"""The size and the kind of the data decide the plan of a race."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, log2
from typing import Any, Self, final

from madaline._race.grid_plans import FOLDS_OF_IMAGES, plan_for_grids, plan_for_grids_beside_columns
from madaline._race.plan import BALANCED, Plan, Preset, PresetSettings
from madaline._race.recipe import LinearRecipe, PatternRecipe, TableRecipe, TextRecipe
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.media.grids import Grid


@final
@dataclass(frozen=True, eq=False)
class TableFacts:
    """What decides the plan for a table."""

    n_samples: int
    widths: Mapping[int, int]  # features of each encoding, by its number of bins; 0: the plain one
    n_outputs: int = 1  # as many as there are classes; one for two classes
    n_groups: int | None = None  # groups of rows that may not be separated
    grids: Sequence[Grid] = ()  # the images, sequences and sounds among the features
    beside: bool = False  # whether there are several columns, grids or not
    only_texts: bool = False  # whether all features are terms of texts
    patterns: bool = False  # whether all features are patterns of sequences
    in_blocks: bool = False  # whether networks learn from a block of the rows in each epoch

    @classmethod
    def of(cls, encoder: TableEncoder, n_samples: int, n_outputs: int, **more: Any) -> Self:
        """Return what an encoder tells, and other fields."""
        return cls(
            n_samples,
            {n_bins: encoder.n_features(n_bins) for n_bins in encoder.n_bins},
            n_outputs,
            grids=tuple(encoder.grids.values()),
            beside=len(encoder.columns) > 1,
            only_texts=encoder.only_texts,
            patterns=bool(encoder.patterns),
            **more,
        )

    @property
    def of_columns(self) -> bool:
        """Whether it is a table of numbers and categories, and nothing else."""
        return not (self.grids or self.only_texts or self.patterns)

    def count_folds(self, settings: PresetSettings) -> int:
        """Return how many folds there are where nobody told: fewer of images, and of groups."""
        n_samples = max(self.n_samples, MANY_ROWS + 1) if self.in_blocks else self.n_samples
        n_folds = _folds(n_samples, self.n_groups, settings)
        if not self.beside and any(not grid.of_steps for grid in self.grids):
            n_folds = min(n_folds, settings.count_folds(FOLDS_OF_IMAGES, self.n_samples))
        return n_folds


def make_plan(
    table: TableFacts,
    *,
    epochs: int,  # how often a network may see the table, at most
    n_folds: int | None = None,  # where the number of rows is not to decide
    preset: Preset = BALANCED,
) -> Plan:
    """Return the plan for a table."""
    n_samples, grids = table.n_samples, table.grids
    settings = preset.settings(n_samples, table=table.of_columns)
    n_folds = table.count_folds(settings) if n_folds is None else n_folds
    n_training = max(1, n_samples - -(-n_samples // max(2, n_folds)))  # of the smallest part
    alone = grids and not table.beside
    plan = Plan(
        () if alone else _table_recipes(0 if table.in_blocks else n_samples, table.widths),
        n_folds=n_folds,
        batch_size=min(batch_size_for(n_samples), n_training),
        epochs=epochs,
        **settings.plan,
    )
    if table.in_blocks:
        plan = _plan_for_blocks(plan, n_samples)
    if table.only_texts:
        return _plan_for_texts(plan, table.n_outputs)
    if table.patterns:
        return _plan_for_patterns(plan, n_samples, table.n_outputs)
    if not grids:
        return plan
    return (
        plan_for_grids(plan, grids, n_training)
        if alone
        else plan_for_grids_beside_columns(plan, grids, table.widths)
    )


# When losers are dropped where an epoch is a block of a large table: their losses differ soon
_CUTS_IN_BLOCKS = ((2, 6), (4, 3), (6, 2))

# Where an epoch is a block: epochs without improvement after which recipes are flat, at least, and
# as a share of those in which all rows are learned from once; and the share of what was learned
# that is no improvement
_PATIENCE_IN_BLOCKS, _SHARE_OF_PASS, _FLAT_GAIN = 6, 1 / 3, 0.003
_ROWS_OF_BLOCK = 32_768  # about


def _plan_for_blocks(plan: Plan, n_samples: int) -> Plan:
    """Return the plan for a table of which networks learn from a block of rows in each epoch."""
    patience = max(_PATIENCE_IN_BLOCKS, round(_SHARE_OF_PASS * n_samples / _ROWS_OF_BLOCK))
    return replace(
        plan,
        cuts=min(_CUTS_IN_BLOCKS, plan.cuts),  # those that begin earlier
        patience=max(patience, plan.patience),
        patience_of_copies=max(patience, plan.patience_of_copies),
        flat_gain=_FLAT_GAIN,
        trees=True,  # they take little time beside networks of so many rows
    )


def batch_size_for(n_samples: int) -> int:
    """Return the rows of a batch: a fortieth of the table, a power of two from 32 to 256.

    Batches of 16 to 256 reach the same loss on small tables, so speed decides.
    """
    return int(min(256, max(32, 2 ** round(log2(max(1, n_samples / 40))))))


MANY_ROWS = 150_000  # of more, three folds are enough


def folds_for(n_samples: int) -> int:
    """Return the number of folds for so many independent rows, or groups of rows.

    Where rows are few, each is worth more to its network than a network costs; where they are many,
    networks hardly need those that are held out. Of 65,000 rows (of diabetes130), five folds still
    lowered the loss on others by .11 % beside three, for 1.7 times the time.
    """
    if n_samples > MANY_ROWS:
        return 3
    return 10 if 50 <= n_samples <= 1200 else 5


def _folds(n_samples: int, n_groups: int | None, settings: PresetSettings) -> int:
    n_folds = settings.count_folds(folds_for(n_samples), n_samples)
    if n_groups is None:
        return n_folds
    of_groups = settings.count_folds(folds_for(n_groups), n_groups)
    return min(n_folds, of_groups, max(2, n_groups))


@final
@dataclass(frozen=True)
class Encoding:
    """What races with numbers that are encoded in a way."""

    # Time scales of weight decay. More features need more decay; the race finds out which time
    # scale suits a table
    decay_times: tuple[float, ...]
    # With more features than this, it takes much time and gains nothing
    max_features: float


ENCODINGS = {
    0: Encoding((3, 10, 30), inf),
    16: Encoding((1, 3, 10), 4096),
    64: Encoding((1, 3, 10), 1024),
}
"""Encodings of numbers that race: as they are, or also in so many linear bins."""

_LAYERS, _UNITS = 3, 64  # hidden layers of the networks, and the units of each

# Weights of a first layer, at most, as long as it has `_MIN_FIRST_UNITS`: gigabytes of networks for
# a table of a few megabytes would predict no better
_MAX_FIRST_WEIGHTS = 2**20

_MIN_FIRST_UNITS = 4  # units of a first layer, at least
MAX_ENCODING = 2**28  # elements of an encoding beside the plain one, at most: one GiB in float32


def _table_recipes(n_samples: int, widths: Mapping[int, int]) -> tuple[TableRecipe, ...]:
    """Return the recipes for a table of so many rows, and features for each number of bins.

    Encodings that add no feature to a smaller one are left out, and so are those that are too wide
    or would take more than `MAX_ENCODING` elements.
    """
    recipes = []
    for n_bins, encoding in ENCODINGS.items():
        smallest = min(other for other, width in widths.items() if width == widths[n_bins])
        n_features = widths[smallest]
        too_wide = n_features > ENCODINGS[smallest].max_features
        too_large = smallest > 0 and n_features * n_samples > MAX_ENCODING
        if not (too_wide or too_large):
            most = max(_MIN_FIRST_UNITS, _MAX_FIRST_WEIGHTS // max(1, n_features))
            units = (min(_UNITS, most), *(_UNITS,) * (_LAYERS - 1))
            recipes += [
                TableRecipe(smallest, decay_time, units) for decay_time in encoding.decay_times
            ]
    return tuple(dict.fromkeys(recipes))


# Units of the first layer: few directions tell texts apart, but one for each class
_MIN_TEXT_UNITS, _MAX_TEXT_UNITS = 8, 64

# Time scales of weight decay of linear networks: few rows want little decay, rare classes more
_LINEAR_DECAY_TIMES = (1, 3, 10, 30, 100)

# The solver of linear networks goes on for no less: of thousands of terms, the last steps fit
# chance
_TEXT_TOLERANCE = 1e-4

_TEXT_BATCH_SIZE = 64  # rows in a batch, at most

# When losers are dropped: slow learners have hardly moved after the first epochs
_TEXT_CUTS = ((8, 2), (16, 1))

# Epochs without improvement after which a recipe is flat: slow learners have smooth losses
_TEXT_PATIENCE = 3


def _plan_for_texts(plan: Plan, n_outputs: int) -> Plan:
    """Return the plan where all features are terms of texts."""
    units = min(_MAX_TEXT_UNITS, max(_MIN_TEXT_UNITS, n_outputs))
    usual = TextRecipe(n_bins=0, decay_time=30, units=(units,))
    recipes = (
        usual,
        replace(usual, decay_time=100),
        replace(usual, units=(units, 4 * units)),
        *(
            LinearRecipe(n_bins=0, decay_time=time, tolerance=_TEXT_TOLERANCE)
            for time in _LINEAR_DECAY_TIMES
        ),
    )
    return replace(
        plan,
        recipes=recipes,
        batch_size=min(_TEXT_BATCH_SIZE, plan.batch_size),
        cuts=_TEXT_CUTS,
        patience=_TEXT_PATIENCE,
        lowest_rate=inf,
    )


_SQUARES_DECAY_TIMES = (
    1,
    10,
    100,
    1000,
)  # time scales of weight decay of networks by least squares
_LOSS_DECAY_TIMES = (10, 100, 1000, 10_000)  # those of networks with the lowest loss

# The lowest loss is looked for with so many rows and outputs, at most: with more rows, least
# squares do better, and with more outputs, it takes long
MAX_LOSS_ROWS, _MAX_LOSS_OUTPUTS = 128, 16

MAX_ROWS_ALONE = 1200  # with more rows, networks with hidden layers race, too
MAX_PATTERN_ROWS = 3000  # with more rows, least squares would take longer than those


def _plan_for_patterns(plan: Plan, n_samples: int, n_outputs: int) -> Plan:
    """Return the plan where all features are patterns of sequences."""
    if n_samples > MAX_PATTERN_ROWS:
        return plan
    strengths = [(True, decay_time) for decay_time in _SQUARES_DECAY_TIMES]
    if n_samples <= MAX_LOSS_ROWS and n_outputs <= _MAX_LOSS_OUTPUTS:
        strengths += [(False, decay_time) for decay_time in _LOSS_DECAY_TIMES]
    linear = tuple(
        PatternRecipe(0, decay_time, squares=squares, changes=changes)
        for changes in (True, False)
        for squares, decay_time in strengths
    )
    others = plan.recipes if n_samples > MAX_ROWS_ALONE else ()
    return replace(plan, recipes=(*others, *linear))


_MAX_RARE_SHARE = 0.1  # a class of so many of the rows, or more, is not rare
_MAX_RARE_ROWS = 200  # a class of more rows than this shows well enough where networks are too sure

# So many more rows of the rare class are expected among the usual ones, as a share of its rows
_DOUBT_SHARE = 0.1

_MAX_DOUBT = 5.0  # so many more rows are expected, at most


def plan_for_rare_class(plan: Plan, n_samples: int, n_rare: int) -> Plan:
    """Return the plan for a table of two classes, one of which may be rare.

    Labels are smoothed as if a few of the other rows were of the rare class, and linear networks
    race, too. Where no class is rare, and for images, sequences and texts, the plan stays as it is.

    Platt (1999), "Probabilistic outputs for support vector machines", smooths labels by one row.
    """
    rare = n_rare <= _MAX_RARE_ROWS and n_rare < _MAX_RARE_SHARE * n_samples
    if not rare or not all(isinstance(recipe, TableRecipe) for recipe in plan.recipes):
        return plan
    doubt = min(_DOUBT_SHARE * n_rare, _MAX_DOUBT)
    smoothing = 2 * doubt / n_samples  # half of it goes to either class
    smoothed = (replace(recipe, label_smoothing=smoothing) for recipe in plan.recipes)
    linear = (LinearRecipe(0, decay_time) for decay_time in _LINEAR_DECAY_TIMES)
    return replace(plan, recipes=(*smoothed, *linear))
