"""Whether a text that was read as windows-1252 is plausible in a western European language.

Any bytes can be read as windows-1252. In western text, most letters beyond ASCII stand alone among
ASCII ones, and those of a word belong to one language. What another encoding looks like does not:
words of nothing but such letters, signs in the middle of words, letters of several languages.
"""

# ruff: noqa: RUF001

from __future__ import annotations

import re
from itertools import islice

MOST_STRANGE = 0.05
"""Share of the different words and signs beyond ASCII that may be strange, at most."""

MOST_WORDS = 100_000
"""Words that are looked at, at most: the first ones."""

_ALPHABETS = (
    "àâçéèêëîïôœùûüÿ",  # French
    "äöüßé",  # German
    "àáçèéíïñòóúü",  # Spanish, Catalan
    "áâãàçéêíóôõúü",  # Portuguese
    "àèéìíîòóùú",  # Italian
    "åäöéšž",  # Swedish, Finnish
    "æøåéêóòôöä",  # Danish, Norwegian
    "áðéíóúýþæö",  # Icelandic
    "èéêëïöüä",  # Dutch
)
_WORDS_ALONE = re.compile("[äöüßåæø]+|[ÄÖÜ]+|[þÞ][áéíóúýæö]|[àáåæèéíóòôöøÅÀÁÈÉÍÓÔÖØ]")
"""Words without an ASCII letter that do occur: alphabets, and words of one letter."""

_CAPITALS, _SMALL = "À-ÖØ-ÞŠŒŽŸ", "ß-öø-ÿšœžƒ"
_HIGH = f"{_CAPITALS}{_SMALL}"
_LETTERS = f"A-Za-z{_HIGH}"
_SIGNS = "€‚†‡ˆ‰˜™¡-¬®-¿×÷"

_TOKEN = re.compile(r"(?<![A-Za-z])[A-Za-z]*[^\x00-\x7f][A-Za-z\x80-\U0010ffff]*")
_APART = re.compile("[\xa0\xad«»‹›“”„‘’–—…•]+")
"""Signs that may stand beside or between words without a space."""

_WORD = re.compile(f"[{_LETTERS}]*[{_HIGH}][{_LETTERS}]*")

_STRANGE_SIGNS = re.compile(
    f"¤|[{_LETTERS}][¡¿¦¨¬¯¶¸ˆ˜¼½¾‚‰]|[¦¨¬¯¶¸ˆ˜¹²³¼½¾‚†‡ª][{_LETTERS}]|º[a-z]"
    f"|[{_LETTERS}][£¥§©®±×÷†‡€][{_LETTERS}]|£[{_LETTERS}]{{3}}|¥(?![mMbBkK])[{_LETTERS}]"
    f"|[€‰™¢£¥±°º®µ×÷][{_HIGH}]|^[{_HIGH}][¢-±´-¿]|([{_SIGNS}])(?!\\1|¡)[{_SIGNS}]"
)
"""Signs where they do not stand in western text: within words, or side by side."""

_MISPLACED = re.compile(
    f"[a-z{_SMALL}][{_CAPITALS}]|[A-Z{_CAPITALS}][{_CAPITALS}][a-z{_SMALL}]|ñ(?![aeiouyáéíóúü])"
    f"|è(?=[aeiouáéíý])|^è(?=[lr])|iæ|[ìù](?=[a-z{_SMALL}])|ã(?![oes]|$)|õ(?!e)|iê$|^ð"
    f"|þ(?![aeiouyáéíóúýæöjrv])|œ(?=[wkjbz]|$)|[{_HIGH}]{{4}}"
)
"""Letters where they do not stand in words of the languages that have them."""


def strange_word(text: str) -> str:
    """Return the first word that shows that a text is no western one; empty if it may be one.

    Parameters
    ----------
    text : str
        Bytes that were read as windows-1252.

    Examples
    --------
    >>> strange_word("Straße,Düsseldorf;5 €;façade"), strange_word("name,Îòâåò")
    ('', 'Îòâåò')
    """
    found = islice(_TOKEN.finditer(text), MOST_WORDS)
    tokens = dict.fromkeys(part for one in found for part in _APART.split(one[0]))
    high = [token for token in tokens if not token.isascii()]
    strange = [token for token in high if _is_strange(token)]
    return strange[0] if len(strange) > MOST_STRANGE * len(high) else ""


def _is_strange(token: str) -> bool:
    return bool(_STRANGE_SIGNS.search(token)) or any(
        _is_strange_word(word[0]) for word in _WORD.finditer(token)
    )


def _is_strange_word(word: str) -> bool:
    if not any(letter.isascii() for letter in word):
        return _WORDS_ALONE.fullmatch(word) is None
    letters = set(word.lower())
    high = {letter for letter in letters if not letter.isascii()}
    if _MISPLACED.search(word) or (high & set("ðþý") and letters & set("cqwz")):
        return True
    return not any(high <= set(alphabet) for alphabet in _ALPHABETS)
