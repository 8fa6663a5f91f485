"""How often is the encoding of a text file guessed right? Draws words from lists of other makers.

`letters.txt` was counted in words of CLDR, Django and Faker; the words here are the 6,000 most
frequent ones of wordfreq (`pip install wordfreq`; without a list for Thai), of those that hold
something beyond ASCII. Each table has an id and a column of so many different words.
"""

from __future__ import annotations

import random
import sys
import unicodedata
from collections import Counter

from wordfreq import top_n_list

from madaline._tables.io.encoding_guess import DOUBTFUL, decode, guess_encoding

PAIRS = {
    "fr": "cp1252 iso8859-15", "de": "cp1252", "es": "cp1252", "pt": "cp1252", "it": "cp1252",
    "ca": "cp1252", "sv": "cp1252", "fi": "cp1252", "da": "cp1252", "nb": "cp1252",
    "nl": "cp1252", "is": "cp1252", "pl": "cp1250 iso8859-2", "cs": "cp1250 iso8859-2",
    "sk": "cp1250", "hu": "cp1250 iso8859-2", "sh": "cp1250 iso8859-2", "sl": "cp1250",
    "lv": "cp1257 iso8859-13", "lt": "cp1257", "tr": "cp1254 iso8859-9",
    "ru": "cp1251 koi8-r iso8859-5", "uk": "cp1251 koi8-u", "bg": "cp1251", "mk": "cp1251",
    "el": "cp1253 iso8859-7", "he": "cp1255", "ar": "cp1256 iso8859-6", "fa": "cp1256",
    "zh": "gb18030", "ja": "cp932 euc_jp", "ko": "cp949",
}  # fmt: skip
N_WORDS = (1, 2, 4, 10, 30)


def main(n_tables: int = 20) -> None:
    """Print, for each number of words, how many tables are read right, doubted, and wrong."""
    draw, counts = random.Random(0), {n: Counter[str]() for n in N_WORDS}
    for language, encodings in PAIRS.items():
        listed = top_n_list(language, 6_000)
        for encoding in encodings.split():
            words = [word for word in listed if _is_in(word, encoding)]
            for n_words, count in counts.items():
                for _ in range(n_tables):
                    count[_outcome(draw.sample(words, n_words), encoding)] += 1
    for n_words, count in counts.items():
        shares = {key: f"{number / count.total():.1%}" for key, number in sorted(count.items())}
        print(n_words, shares)


def _is_in(word: str, encoding: str) -> bool:
    try:
        return not word.isascii() and not word.encode(encoding).isascii()
    except UnicodeError:
        return False


def _outcome(words: list[str], encoding: str) -> str:
    content = "\n".join(["id,name", *(f"{n},{word}" for n, word in enumerate(words))])
    written = content.encode(encoding)
    best, *others = guess_encoding(written)
    is_right = decode(written, best.encoding) == unicodedata.normalize("NFC", content)
    doubted = bool(others) and others[0].bits <= best.bits + DOUBTFUL
    return f"{'right' if is_right else 'wrong'}{', in doubt' if doubted else ''}"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
