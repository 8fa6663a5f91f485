"""Chinese has no spaces: the search takes each pair of neighboring characters as a word."""

from __future__ import annotations

import re

from sphinx.application import Sphinx
from sphinx.search import languages
from sphinx.search.en import SearchEnglish

HAN = r"\u3400-\u9fff"
RUN = re.compile(rf"[{HAN}]+")
WORD = re.compile(rf"[{HAN}]+|[^\W_{HAN}][^\W{HAN}]*")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the language of the search."""
    languages["zh"] = languages["zh_CN"] = SearchChinese
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def split(text: str) -> list[str]:
    """Return the words of a text, of Chinese its pairs of characters.

    >>> split("train 神经网络")
    ['train', '神经', '经网', '网络']
    """
    words = []
    for word in WORD.findall(text):
        words += pairs(word) if RUN.fullmatch(word) else [word.lower()]
    return words


def pairs(run: str) -> list[str]:
    """Return each two neighboring characters of a run, or its only one."""
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


class SearchChinese(SearchEnglish):
    """Chinese by pairs, English words between them by their stems."""

    lang = "zh"
    language_name = "English"  # names the stemmer in the browser
    # The same as `split`, for what is typed into the search.
    js_splitter_code = """
    function splitQuery(query) {
      const words = query.match(/[\\u3400-\\u9fff]+|[^\\s\\p{P}\\u3400-\\u9fff]+/gu) || [];
      return words.flatMap((word) => /^[\\u3400-\\u9fff]{2,}$/.test(word)
        ? Array.from({length: word.length - 1}, (_, i) => word.slice(i, i + 2)) : [word]);
    }
    """

    def split(self, input: str) -> list[str]:
        """Return the words of a text."""
        return split(input)

    def word_filter(self, stemmed_word: str) -> bool:
        """Keep pairs of characters, however short, and what English keeps."""
        return bool(RUN.match(stemmed_word)) or super().word_filter(stemmed_word)
