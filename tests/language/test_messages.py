"""Messages in other languages: plurals, order, lists, what is stored, and a language of its own."""

from __future__ import annotations

import json
import pickle
import threading
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

from madaline._base.codec import SentenceText
from madaline._base.language import Message, _, catalogs, languages, ngettext, translate
from madaline._base.language.choice import language, speaking
from madaline._base.words import for_command_line, format_count, format_list
from madaline._models.diagnosis.finding import Finding
from madaline._tables.formats.number_format import NumberFormat
from madaline.errors import InputError

FRENCH = r"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Language: fr\n"
"X-Language-Name: Français\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\n"

msgid "{n:,} column"
msgid_plural "{n:,} columns"
msgstr[0] "{n:,} colonne"
msgstr[1] "{n:,} colonnes"

msgid "{n:,} of {columns} lacks values."
msgid_plural "{n:,} of {columns} lack values."
msgstr[0] "Sur {columns}, {n:,} a des lacunes."
msgstr[1] "Sur {columns}, {n:,} ont des lacunes."

msgid "Read {table}: {columns}."
msgstr "{columns} lues dans {table}."

msgid "No problem was found."
msgstr "Aucun problème."

msgid " and "
msgstr " et "

msgid "{path} is empty."
msgstr "{path} est vide."
"""


def test_a_finding_has_a_chinese_name_in_marks() -> None:
    seen = "The class {subject} has {rows:,} of {held_out:,} rows, too few to learn or to measure"
    remedy = "gather more of them, or merge it with another class"
    evidence = {"rows": 6, "held_out": 300}
    found = Finding("too few rows", "medium", "缺失", seen, remedy, evidence)
    with speaking("zh"):
        assert found.observed == "类别“缺失”在 300 行中只有 6 行，太少，学不好也测不准。"


@pytest.fixture
def french(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "fr").mkdir()
    (tmp_path / "fr" / "all.po").write_text(FRENCH, "utf-8")
    monkeypatch.setattr(catalogs, "_ROOT", tmp_path)
    for made in (catalogs.languages, catalogs.catalog_of):
        made.cache_clear()
    yield
    for made in (catalogs.languages, catalogs.catalog_of):
        made.cache_clear()


@pytest.mark.usefixtures("french")
def test_a_language_needs_its_catalog_alone() -> None:
    assert languages() == {"en": "English", "fr": "Français"}
    with speaking("fr_FR.UTF-8"):
        assert language() == "fr"
        counts = [format_count(n, "column") for n in (0, 1, 2, 1200)]
        assert counts == ["0 colonne", "1 colonne", "2 colonnes", "1,200 colonnes"]
        told = _("Read {table}: {columns}.").format(
            table="a.csv", columns=format_count(8, "column")
        )
        assert told == "8 colonnes lues dans a.csv."
        one, three = "{n:,} of {columns} lacks values.", "{n:,} of {columns} lack values."
        lacks = [
            ngettext(one, three, n).format(n=n, columns=format_count(9, "column")) for n in (1, 3)
        ]
        assert lacks == [
            "Sur 9 colonnes, 1 a des lacunes.",
            "Sur 9 colonnes, 3 ont des lacunes.",
        ]
        assert translate("No problem was found.") == "Aucun problème."
        assert format_list(["a", "b", "c"], last=" and ") == "a, b et c"
        assert str(InputError("{path} is empty.", path="a.csv")) == "a.csv est vide."
        assert _("Saved {path}.").format(path="a.csv") == "Saved a.csv."  # not translated
    with speaking("zh"):
        assert language() == "en"


@pytest.mark.usefixtures("french")
def test_what_is_stored_is_shown_in_the_language_of_the_reader() -> None:
    with speaking("fr"):
        columns = format_count(2, "column")
        told = _("Read {table}: {columns}.").format(table="a.csv", columns=columns)
        error = InputError("{path} is empty.", path="a.csv")
    assert isinstance(told, Message)
    assert told.again() == "Read a.csv: 2 columns."
    assert told.english == "Read a.csv: 2 columns."
    assert str(error) == error.english == "a.csv is empty."
    copy = pickle.loads(pickle.dumps(told))
    assert copy.again() == told.again()
    SentenceText()(told.stored())
    stored = Message.restored(told.stored())
    assert stored == "Read a.csv: 2 columns."
    with speaking("fr"):
        assert stored.again() == "2 colonnes lues dans a.csv."


@pytest.mark.parametrize(
    "template", ["{x.__class__}", "{x!s}", "{x:>9999999}", "{y}", "{", "{x[0]}", "{}"]
)
def test_a_file_cannot_hold_a_message_that_does_more_than_fill_gaps(template: str) -> None:
    assert not SentenceText().holds([{"message": template, "plural": "", "values": {"x": "a"}}])
    assert not SentenceText().holds([{"message": "{x}", "plural": "{x}", "values": {"x": "a"}}])


def test_values_are_told_as_what_they_are() -> None:
    assert _("{name} is empty.").format(name="{x}") == "{x} is empty."
    with speaking("zh"):
        assert "{x}" in _("Saved {path} ({size}). Next:").format(path="{x}", size="3 kB")
        square = NumberFormat("平米", after="平米").show(30)  # an amount, and no name
        assert _("{low} to {high}").format(low="3号楼", high=square) == "“3号楼”至 30平米"


def nested(depth: int, template: str) -> object:
    told: object = "a"
    for __ in range(depth):
        told = {"message": template, "plural": "", "values": {"x": told}}
    return told


def test_a_small_file_cannot_hold_a_sentence_that_fills_the_memory() -> None:
    assert SentenceText().holds([nested(3, "{x} and {x}")])
    assert not SentenceText().holds([nested(12, "{x}" * 50)])
    digits = {"message": "{x:.99999999f}", "plural": "", "values": {"x": 1.0}}
    assert not SentenceText().holds([digits])


def test_what_filled_a_message_is_kept_as_text() -> None:
    told = _("{error}: {number:.2f}, {there!r}, {names!r}").format(
        error=ValueError("broken"), number=np.float32(0.5), there=lambda: 0, names=("a", "b")
    )
    for copy in (pickle.loads(pickle.dumps(told)), deepcopy(told)):
        assert copy == told
        assert copy.again() == told
    assert SentenceText().holds([json.loads(json.dumps(told.stored()))])
    error = InputError("{thread} of {rows!r}", thread=threading.Lock(), rows=np.arange(3))
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_options_stand_for_arguments_and_names_stay() -> None:
    told = _("{column} is {text!r}: leave it out, or say so (missing=[{text!r}]).").format(
        column="{x}", text="9"
    )
    shown = for_command_line(told)
    assert shown == "{x} is '9': leave it out, or say so (--missing '9')."
    assert isinstance(shown, Message)
    assert shown.values["column"] == "{x}"


def test_words_within_a_stored_message_are_translated() -> None:
    told = _("{metric} of {text}").format(metric=_("accuracy"), text="a")
    restored = Message.restored(json.loads(json.dumps(told.stored())))
    with speaking("zh"):
        assert "accuracy" not in restored.again()
