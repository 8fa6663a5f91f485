"""Sentences are found in the catalogs again, and put into Chinese."""

from __future__ import annotations

import pytest

from madaline._language.choice import language, speaking, speaking_in_process
from madaline._language.pages import translate_page
from madaline._language.templates import Templates
from madaline._language.translation import Translator, translate, translate_word
from madaline._language.widths import clip_to_width, display_width, pad, wrap

ENTRIES = {
    "Saved {0} ({1}).": "已保存 {0}（{1}）。",
    "{0:n} rows": "{0} 行",
    "{0:n} {1:recipe was|recipes were} stopped after {2}.": "{0} 个配方在 {2}后停止。",
    "the {0} falls by {1}": "{0:t}下降 {1}",
    "loss": "损失",
    "Left out: {0}.": "未使用：{0:l}。",
    ", with {0}": "，含 {0}",
    "Stopped: {0}": "停止：{0}",
    "no improvement.": "没有改进。",
    "in {0}": "在 {0}",
}


@pytest.fixture
def translator() -> Translator:
    return Translator(Templates(ENTRIES))


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("Saved a.madaline (12 rows).", "已保存 a.madaline（12 行）。"),
        ("1 recipe was stopped after 3 rows.", "1 个配方在 3 行后停止。"),
        ("2 recipes were stopped after 3 rows.", "2 个配方在 3 行后停止。"),
        ("The loss falls by 0.2.", "损失下降 0.2。"),
        ("Left out: id, name and 城市.", "未使用：id、name、城市。"),
        ("Stopped: no improvement. Saved a (b).", "停止：没有改进。已保存 a（b）。"),
        ("  12 rows, with ids", "  12 行，含 ids"),
        ("12 rows", "12 行"),
    ],
)
def test_sentences_are_read(translator: Translator, english: str, chinese: str) -> None:
    assert translator.line(english) == chinese


@pytest.mark.parametrize(
    "text",
    [
        "loss",
        "This is unknown.",
        "no rows",
        "Stopped: it rose; it fell. So it is.",
        "已停止",
        "",
        "lowest unknown loss: 0.0090.",
        "Left out: sorted by the target.",
    ],
)
def test_other_texts_and_single_words_stay(translator: Translator, text: str) -> None:
    assert translator.line(text) == text


def test_a_word_of_madaline_is_translated(translator: Translator) -> None:
    assert translator.word("loss") == "损失"


def test_the_language_is_that_asked_for_else_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("MADALINE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert language() == "en"
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert language() == "zh"
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert language() == "en"
    monkeypatch.setenv("MADALINE_LANG", "zh")
    assert language() == "zh"
    with speaking_in_process("en"):
        assert language() == "en"
        with speaking("zh-Hans"):
            assert language() == "zh"
    assert language() == "zh"


def test_english_stays_as_it_is() -> None:
    text = "Saved penguins.madaline (345 kB). Next:"
    assert translate(text) == text
    assert translate_word("loss") == "loss"


def test_sentences_for_the_command_line_are_found_by_those_of_python() -> None:
    with speaking("zh"):
        with_argument = translate("If you predict less far ahead, say how far (horizon=).")
        with_option = translate("If you predict less far ahead, say how far (--horizon).")
    assert "horizon=" in with_argument
    assert with_option == with_argument.replace("horizon=", "--horizon")


def test_a_chinese_character_takes_two_columns() -> None:
    assert (display_width("ab"), display_width("价格")) == (2, 4)
    assert display_width(pad("价格", 10)) == 10
    assert display_width(clip_to_width("一二三四五六", 7)) <= 7
    lines = wrap("损失比基线低 64.4 个标准误（±）。" * 4, 40, "- ", "  ").splitlines()
    assert len(lines) > 3
    assert all(display_width(line) <= 42 for line in lines)
    assert not any(line.strip()[0] in "，。）" for line in lines)


def test_words_of_a_text_stay_where_amounts_are_listed() -> None:
    with speaking("zh"):
        shown = translate("    text: of +0.61, in +0.40, its other words -0.14")
    assert shown == "    text: of +0.61, in +0.40, 其他的词 -0.14"


def test_values_of_a_user_stay_in_pictures() -> None:
    with speaking("zh"):
        page = translate_page('<text class="level" x="0">low</text><text class="name">loss</text>')
    assert page == '<text class="level" x="0">low</text><text class="name">损失</text>'
