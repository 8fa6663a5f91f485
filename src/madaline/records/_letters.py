"""The recipes of a fit are A, B, C to people who read about it; files keep their whole names."""

# ruff: noqa: RUF001, RUF002

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Self, final

from madaline._base.language import _
from madaline._base.words import recipe_name
from madaline.records.history import Record


@final
@dataclass
class RecipeLetters:
    """A letter for each recipe, in the order in which they began; A′ and A′′ are variants of A.

    >>> recipes = RecipeLetters()
    >>> for epoch, name in [(1, "no bins · 64"), (1, "16 bins · 64"), (2, "16 bins · 64 · rate 1")]:
    ...     recipes.add(Record(epoch, name, 0.5, 0.5, 0.03, 2, 1e6, name))
    >>> list(recipes.letters.values()), recipes.shown("16 bins · 64 · epoch 7")
    (['A', 'B', 'B′'], 'B (epoch 7)')
    >>> list(recipes.legend(["B′"]))
    ['B′ is B with rate 1']
    """

    first_epoch: int = 0
    letters: dict[str, str] = field(default_factory=dict)  # by the id of the recipe
    names: dict[str, str] = field(default_factory=dict)  # by the letter
    origins: dict[str, str] = field(default_factory=dict)  # of the letter of a variant

    @classmethod
    def of(cls, records: Iterable[Record]) -> Self:
        """Return the letters of the recipes of some records."""
        recipes = cls()
        for record in records:
            recipes.add(record)
        return recipes

    def add(self, record: Record) -> None:
        """Give the recipe of a record a letter, unless it has one."""
        self.first_epoch = self.first_epoch or record.epoch
        if record.recipe_id in self.letters:
            return
        origin = self._origin(record)
        n_variants = sum(one == origin for one in self.origins.values())
        letter = _letter(len(self.names) - len(self.origins))
        if origin:
            letter = f"{origin}{'′' * (1 + n_variants)}"
            self.origins[letter] = origin
        self.letters[record.recipe_id] = letter
        self.names[letter] = record.recipe

    def difference(self, letter: str) -> str:
        """Return what a variant has that its origin lacks; nothing of others."""
        origin = self.origins.get(letter)
        return "" if origin is None else self.names[letter].removeprefix(f"{self.names[origin]} · ")

    def shown(self, name: str, recipe_id: str = "") -> str:
        """Return the letter of a recipe, with what a snapshot adds; other names as they are."""
        letter = self.letters.get(recipe_id, "")
        if not letter or not name.startswith(self.names[letter]):
            begun = [
                one for one, full in self.names.items() if f"{name} · ".startswith(f"{full} · ")
            ]
            letter = max(begun, key=lambda one: len(self.names[one]), default="")
        if not letter:
            return recipe_name(name)
        rest = name.removeprefix(self.names[letter]).removeprefix(" · ")
        return (
            _("{letter} ({rest})").format(letter=letter, rest=recipe_name(rest)) if rest else letter
        )

    def legend(self, letters: Iterable[str]) -> Iterator[str]:
        """Yield what some letters stand for."""
        for letter in letters:
            if origin := self.origins.get(letter):
                yield _("{variant} is {recipe} with {difference}").format(
                    variant=letter,
                    recipe=origin,
                    difference=recipe_name(self.difference(letter)),
                )
            else:
                yield _("{letter} is {recipe}").format(
                    letter=letter, recipe=recipe_name(self.names[letter])
                )

    def _origin(self, record: Record) -> str:
        """Return the letter of the recipe that a variant differs from; empty of others."""
        if record.epoch <= self.first_epoch:
            return ""
        plain = (letter for letter in self.names if letter not in self.origins)
        return next((one for one in plain if record.recipe.startswith(f"{self.names[one]} · ")), "")


def _letter(number: int) -> str:
    """Return A for 0, Z for 25, AA for 26."""
    letters = ""
    while number >= 0:
        letters = ascii_uppercase[number % 26] + letters
        number = number // 26 - 1
    return letters
