"""A recipe is a set of hyperparameters; recipes race one another on the same rows.

There is a type for each kind of data: tables, grids (images, sequences, sounds) and texts. A recipe
is identified by its values: two that are equal are the same one. Its name is for people only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from itertools import groupby
from typing import Annotated, Any, Self, TypeAlias, final

from madaline._base.codec import Items, OneKind, Stored
from madaline._base.json_checks import Number, Whole
from madaline._base.language import _, translate_word

# What the words in the names of recipes mean
_WORDS_OF_NAMES: Mapping[str, str] = {
    "terms": "words, pairs of words and signs",
    "convolutions": "the units of each, over small windows of an image or a few steps of a sequence"
    " or sound",
    "bins": "numbers are also given as positions in so many ranges",
    "weight decay": "how fast unneeded weights shrink, per epoch (more: simpler networks)",
    "column dropout": "share of the columns hidden from each row in training",
    "label smoothing": "share of each label spread over the classes in training",
    "warping": "images distorted, sequences sped up and slowed down, at random in training",
    "without time": "features that rise with time are hidden",
    "flips": "share of the images flipped left to right in training",
    "offset": "sequences shifted by a constant at random in training",
    "pitch shift": "sounds shifted in pitch at random in training",
    "patterns": "how often each of some thousand occurs in a sequence",
    "without changes": "not those of changes from step to step",
    "linear": "no hidden layer; solved at once",
    "boosted trees": "sums of decision trees, each grown on what those before left unexplained",
    "rounds": "how many trees each output is a sum of",
    "by least squares": "with the smallest squared errors, not the lowest loss",
    "learning rate": "where it is lower than at the start",
    " epoch": "snapshot of an earlier epoch",
}


_Units = Annotated[tuple[Annotated[int, Whole(1, 4096)], ...], Items(least=1, most=64)]
_NoUnits = Annotated[tuple[int, ...], Items(most=0)]
_Rate = Annotated[float, Number(0, 1000, above=True)]
_Strength = Annotated[float, Number(0, 1000)]
_Share = Annotated[float, Number(0, 1 - 2**-20)]


@dataclass(frozen=True)
class Recipe(Stored, ABC):
    """How the networks of one recipe see the table and learn from it."""

    # piecewise-linear bins that each number is spread over, beside its own value; 0 for none
    n_bins: Annotated[int, Whole(0, 1024)]
    # time scale of weight decay in epochs: a weight that is not needed shrinks to 37 % in this
    # time. Short means strong regularization
    decay_time: Annotated[float, Number(0, 1e9, above=True)]
    units: _Units = (64, 64, 64)  # units of each hidden layer
    _: KW_ONLY
    # for biases; weights use it times ``10 / sqrt(fan_in)``, gates times 6. The default of each
    # type is where its networks start
    learning_rate: _Rate = 0.03
    # probability that a row hides a column of the table in training. Networks that cannot rely on
    # any one column use more of them
    column_dropout: _Share = 0.0
    # share of each target that is spread evenly over the classes in training; regression has none
    label_smoothing: _Share = 0.0
    # whether columns are constrained, so that units must never fall (`madaline._race.monotone`)
    monotone: bool = False
    # whether features that rise with time are hidden: what was learned of them may end with the
    # rows that were learned from
    timeless: bool = False

    @property
    def how(self) -> str:
        """What networks without hidden layers are."""
        return "linear"

    @property
    def name(self) -> str:
        """What people read: it tells the recipes of a race apart."""
        return " · ".join(self._words())

    @property
    def random_layers(self) -> bool:
        """Whether layers draw random numbers in training, so that each fold trains by itself."""
        return False

    @property
    def solved(self) -> bool:
        """Whether networks are solved in one epoch, not trained in steps."""
        return not self.units

    def copied(self, **changes: Any) -> Self:
        """Return the recipe of a copy of its networks, with some settings changed."""
        return replace(self, **changes)

    def _words(self) -> Iterator[str]:
        yield from self._inputs()
        if self.timeless:
            yield "without time"
        yield f"weight decay {1 / self.decay_time:.2g}"
        yield _shape(self.units) if self.units else self.how
        if self.column_dropout:
            yield f"column dropout {self.column_dropout:.0%}"
        if self.label_smoothing:
            yield f"label smoothing {self.label_smoothing:.2g}"
        yield from self._augmentation()
        if self.learning_rate != type(self).learning_rate:
            yield f"learning rate {self.learning_rate:.2g}"

    @abstractmethod
    def _inputs(self) -> Iterator[str]:
        """Yield what the first layers look at."""

    def _augmentation(self) -> Iterator[str]:
        """Yield what changes the rows in training, beside hidden columns."""
        yield from ()

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as JSON-able values."""
        return {"type": type(self).__name__} | super().to_json()


@final
@dataclass(frozen=True)
class TableRecipe(Recipe):
    """Gated columns and hidden layers of SiLU units.

    With averaged weights, most tables reach the same loss with any learning rate from 0.003 to
    0.05; the default is quick.

    >>> TableRecipe(n_bins=16, decay_time=3).name
    '16 bins · weight decay 0.33 · 3×64'
    """

    def _inputs(self) -> Iterator[str]:
        yield f"{self.n_bins} bins" if self.n_bins else "no bins"


@final
@dataclass(frozen=True)
class GridRecipe(Recipe):
    """Convolutions over images, sequences or sounds, with hidden layers of rectifiers.

    Columns beside the grids have a first layer of their own. At the learning rate of tables,
    convolutions diverge.

    >>> GridRecipe(0, 10, (128,), channels=((16, 32),), warping=1.0).name
    'convolutions 16-32 · weight decay 0.1 · 128 · warping 1'
    """

    units: _Units = (128,)
    _: KW_ONLY
    learning_rate: _Rate = 0.01
    # for each grid among the features, the units of the convolutions before each pooling
    channels: Annotated[tuple[_Units, ...], Items(most=64)] = ()
    # convolutions before each pooling but the first, whose grid is the largest
    depth: Annotated[int, Whole(1, 16)] = 1
    # whether batches are normalized behind each convolution in training. What is evaluated and kept
    # has it folded into the weights, so that copies of networks go on without it
    normalized: bool = False
    # probability that an input of the layers behind the convolutions is zero in training
    dropout: _Share = 0.0
    # how much images are warped, and sequences sped up and slowed down, in training, each time in
    # another way (`madaline._tables.media.grids`)
    warping: _Strength = 0.0
    flips: _Share = 0.0  # probability that an image is flipped left to right in training
    # how far sequences are shifted as a whole in training, each time elsewhere
    # (`madaline._tables.media.grids`)
    offset: _Strength = 0.0
    # how far the pitches of sounds are shifted in training, each time in another way
    # (`madaline._tables.media.grids`)
    pitch: _Strength = 0.0

    @property
    def random_layers(self) -> bool:
        """Whether layers draw random numbers in training, so that each fold trains by itself."""
        return self.dropout > 0

    def blocks(self) -> list[list[tuple[int, ...]]]:
        """Return the units of each convolution, by grid and by the pooling that it stands before.

        >>> GridRecipe(0, 10, channels=((16, 32),), depth=2).blocks()
        [[(16,), (32, 32)]]
        """
        return [
            [(units,) * (self.depth if block else 1) for block, units in enumerate(channels)]
            for channels in self.channels
        ]

    def copied(self, **changes: Any) -> Self:
        """Return the recipe of a copy of its networks: those that are kept are not normalized."""
        return super().copied(normalized=False, **changes)

    def _inputs(self) -> Iterator[str]:
        yield f"convolutions {' and '.join(_shape(_flat(units)) for units in self.blocks())}"
        if self.n_bins:
            yield f"{self.n_bins} bins"

    def _augmentation(self) -> Iterator[str]:
        if self.flips:
            yield f"flips {self.flips:.0%}"
        strengths = {"warping": self.warping, "offset": self.offset, "pitch shift": self.pitch}
        yield from (f"{name} {value:.2g}" for name, value in strengths.items() if value)


@final
@dataclass(frozen=True)
class TextRecipe(Recipe):
    """Few units over thousands of terms, with a small initialization of the first layer.

    Their outputs then come from what was learned and not from the random start of thousands of
    weights. Each term is in few texts, and every one has an effect: at the learning rate of tables,
    networks overfit after two epochs.
    """

    units: _Units = (8,)
    _: KW_ONLY
    learning_rate: _Rate = 0.0003

    def _inputs(self) -> Iterator[str]:
        yield "terms"


@final
@dataclass(frozen=True)
class LinearRecipe(Recipe):
    """Weighted sums of features without hidden layers, such as logistic regression.

    It has one minimum, where a solver finds it (`madaline.nn._engine.solving`). The steps of
    networks move the weight of a rare term as far as that of a frequent one; there, it stays small.
    The time scale of weight decay is that of steps of size one for rows of length one: the `C` of
    scikit-learn.

    >>> LinearRecipe(0, 10).name
    'weight decay 0.1 · linear'
    """

    units: _NoUnits = ()
    _: KW_ONLY
    # share of the loss, of one at least, by which it must fall in an iteration for the solver to go
    # on
    tolerance: _Share = 1e-6

    def _inputs(self) -> Iterator[str]:
        yield from ()


@final
@dataclass(frozen=True)
class PatternRecipe(Recipe):
    """Weighted sums of the patterns of sequences.

    >>> PatternRecipe(0, 10, squares=True, changes=False).name
    'patterns without changes · weight decay 0.1 · linear by least squares'
    """

    units: _NoUnits = ()
    _: KW_ONLY
    # whether by least squares, multiplied to be log-odds, instead of with the lowest loss. Where
    # patterns are many more than rows, that predicts more of the classes right
    squares: bool = False
    changes: bool = True  # whether patterns of changes from step to step are among them

    @property
    def how(self) -> str:
        """What is linear, and how it is solved."""
        return "linear by least squares" if self.squares else "linear"

    def _inputs(self) -> Iterator[str]:
        yield "patterns" if self.changes else "patterns without changes"


@final
@dataclass(frozen=True)
class TreeRecipe(Recipe):
    """Boosted trees of the features without bins; they are grown after the race of the networks.

    >>> TreeRecipe(rounds=120).name
    'boosted trees · 120 rounds'
    """

    n_bins: Annotated[int, Whole(0, 1024)] = 0
    decay_time: float = 1e9  # nothing decays
    units: _NoUnits = ()
    _: KW_ONLY
    rounds: int  # trees of each output

    def _words(self) -> Iterator[str]:
        yield from ("boosted trees", f"{self.rounds} rounds")

    def _inputs(self) -> Iterator[str]:
        yield from ()


_KINDS = (TableRecipe, GridRecipe, TextRecipe, LinearRecipe, PatternRecipe)  # all types of recipes
RECIPE = OneKind("type", {kind.__name__: kind for kind in _KINDS})
AnyRecipe: TypeAlias = Annotated[Recipe, RECIPE]  # in a file


def legend(names: Iterable[str]) -> str:
    """Return how to read the names of some recipes, in a few sentences."""
    text = " ".join(names)
    used = {word: meaning for word, meaning in _WORDS_OF_NAMES.items() if word in text}
    words = _("; ").join(
        _("{setting}: {meaning}").format(setting=translate_word(word.strip()), meaning=_(meaning))
        for word, meaning in used.items()
    )
    return _(
        "Recipes are named by their settings and the units of their hidden layers (3×64: three of 64 units). {words}."
    ).format(words=words[:1].upper() + words[1:])


def _flat(blocks: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(units for block in blocks for units in block)


def _shape(units: tuple[int, ...]) -> str:
    """Return layers in a few characters: 3×64 for equal ones."""
    runs = [(len(list(run)), size) for size, run in groupby(units)]
    return "-".join(f"{length}×{size}" if length > 1 else f"{size}" for length, size in runs)
