"""Counts how letters follow one another in 40 languages, for the guess of encodings.

Writes `src/madaline/_tables/io/letters.txt` from the words of Unicode's CLDR, of Django's
translations and of Faker's names, places and trades: `pip install babel django faker`. Each line
holds a language, a cost in bits, and groups: a letter, and those that follow it at that cost ("_"
is the start or the end of a word). Of East Asia it holds characters, behind "*": those of tables
and the most frequent ones, which stand in `benchmarks/letters_of_east_asia.json`.
"""

from __future__ import annotations

import gettext
import importlib
import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OUTPUT = HERE.parent / "src/madaline/_tables/io/letters.txt"

LANGUAGES = (
    *("fr", "de", "es", "ca", "pt", "it", "sv", "fi", "da", "nb", "nl", "is", "sq", "eu", "ga"),
    *("pl", "cs", "sk", "hu", "ro", "hr", "sl", "et", "lv", "lt", "tr", "vi"),
    *("ru", "uk", "be", "bg", "sr", "mk", "kk", "el", "he", "ar", "fa", "ur", "th"),
)
COSTS = (1, 3, 5, 7, 9)
"""Bits, each standing for those that are closest; rarer pairs are left out."""

MAX_COST, MIN_SHARE, SMOOTHING = 10, 1e-4, 3.0

SELDOM = {"fr": "œ", "de": "ß", "nl": "ïü", "pt": "ü", "it": "ìò"}
"""Letters that are kept although few words hold them."""

_LETTERS = r"(?:[^\W\d_]|[\u0300-\u036f\u064b-\u0652\u0e31-\u0e4e])+"
_WORD = re.compile(rf"{_LETTERS}(?:[’'·]{_LETTERS})*")
_MARKUP = re.compile(r"%\([a-z_]+\)[sd]|%[sd]|<[^>]+>|\{[^}]*\}")


def main() -> None:
    """Write the file, and say how large it is."""
    lines = [line for language in LANGUAGES for line in _lines(language, _costs(language))]
    by_hand = json.loads((HERE / "letters_of_east_asia.json").read_text(encoding="utf-8"))
    for language, of_cost in by_hand.items():
        lines += [f"{language} {cost} *{letters}" for cost, letters in of_cost.items()]
    OUTPUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{OUTPUT}: {len(lines)} lines, {OUTPUT.stat().st_size:,} bytes")


def _lines(language: str, costs: dict[str, int]) -> Iterator[str]:
    for cost in COSTS:
        followers: dict[str, str] = {}
        for pair, of_pair in sorted(costs.items()):
            if of_pair == cost:
                first, second = pair.replace(" ", "_")
                followers[first] = followers.get(first, "") + second
        groups = " ".join(first + followers[first] for first in followers)
        yield f"{language} {cost} {groups}"


def _costs(language: str) -> dict[str, int]:
    """Return the bits of each letter behind each other one, of those beyond ASCII."""
    pairs, first, letters = Counter[str](), Counter[str](), Counter[str]()
    for word, count in _words(language).items():
        for variant, share in _variants(language, word):
            text = f" {variant.lower()} ".replace("\u0307", "")
            for before, after in pairwise(text):
                weight = share * (1 + math.log2(count) / 2)
                pairs[before + after] += weight
                first[before] += weight
                letters[after] += weight
    total = letters.total()
    is_latin = sum(n for letter, n in letters.items() if letter in "aeinrst") > total / 10
    usual = [
        letter
        for letter, n in letters.items()
        if (n > MIN_SHARE * total or letter in SELDOM.get(language, ""))
        and (is_latin or letter == " " or not letter.isascii())
    ]
    costs = {}
    for before in usual:
        for after in usual:
            expected = SMOOTHING * letters[after] / total
            share = (pairs[before + after] + expected) / (first[before] + SMOOTHING)
            bits = -math.log2(share)
            if bits <= MAX_COST and not (before.isascii() and after.isascii()):
                costs[before + after] = min(COSTS, key=lambda cost: abs(cost - bits))
    return costs


def _variants(language: str, word: str) -> Iterator[tuple[str, float]]:
    """Yield a word as it is written, and as it is written where an encoding lacks letters."""
    yield word, 1.0
    if language == "ro":
        yield word.translate(str.maketrans("șțȘȚ", "şţŞŢ")), 1.0
    if language in ("fa", "ur"):
        yield word.translate(str.maketrans("یہے", "يهي")), 1.0
    if language == "el":  # capitals have no accents
        plain = unicodedata.normalize("NFD", word)
        yield "".join(o for o in plain if not unicodedata.combining(o)), 0.3


def _words(language: str) -> Counter[str]:
    words = Counter[str]()
    for source in (_of_cldr, _of_django, _of_faker):
        for text in source(language):
            words.update(unicodedata.normalize("NFC", o) for o in _WORD.findall(text))
    return words


def _of_cldr(language: str) -> Iterator[str]:
    from babel import Locale

    data: Any = Locale.parse(language)._data
    for key in (
        *("territories", "languages", "scripts", "variants", "currency_names", "eras"),
        *("months", "days", "unit_display_names", "time_zones", "meta_zones", "quarters"),
        *("day_periods", "date_fields", "unit_patterns", "currency_names_plural"),
    ):
        if key in data:
            yield from (_MARKUP.sub(" ", text) for text in _strings(data[key]))


def _of_django(language: str) -> Iterator[str]:
    import django

    for path in sorted(Path(django.__file__).parent.rglob("*.mo")):
        if path.parts[-3] == language:
            with path.open("rb") as file:
                catalog: Any = gettext.GNUTranslations(file)
            for original, text in catalog._catalog.items():
                if original and isinstance(text, str):
                    yield _MARKUP.sub(" ", text)


def _of_faker(language: str) -> Iterator[str]:
    import faker

    root = Path(faker.__file__).parent
    codes = (language, "no") if language == "nb" else (language,)
    for path in sorted(root.glob("providers/*/*/__init__.py")):
        if path.parent.name.split("_")[0] in codes:
            name = ".".join(("faker", *path.relative_to(root).parts[:-1]))
            provider = getattr(importlib.import_module(name), "Provider", None)
            for key, values in vars(provider).items() if provider else ():
                if not key.startswith("__"):
                    yield from (text for text in _strings(values) if "{{" not in text)


def _strings(values: Any) -> Iterator[str]:
    if isinstance(values, str):
        yield values
    elif isinstance(values, list | tuple | set):
        for value in values:
            yield from _strings(value)
    elif hasattr(values, "items"):
        for key, value in values.items():
            if isinstance(key, str) and not key.isascii():
                yield key
            yield from _strings(value)


if __name__ == "__main__":
    main()
