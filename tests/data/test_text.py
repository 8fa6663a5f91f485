"""Texts: how they are recognized, tokenized and counted."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest

from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.io.recognition import to_table
from madaline._tables.kinds.kind import CATEGORY, DROPPED, TEXT
from madaline._tables.kinds.text import TextEncoder, _known, count_terms
from madaline._tables.schema import Schema, infer_columns
from madaline._tables.table import Table
from madaline._tables.terms import GAP, terms_in, terms_of
from madaline.errors import InputError
from madaline.nn._sparse_rows import SparseRows

REVIEWS = [f"{word} {end} of number {n}" for n, (word, end) in enumerate(
    (word, end) for word in ("very good", "not bad", "so so") for end in ("tea", "coffee") * 5
)]  # fmt: skip


@pytest.mark.parametrize(
    "texts",
    [REVIEWS, tuple(REVIEWS), np.array(REVIEWS), pd.Series(REVIEWS), pl.Series(REVIEWS)],
    ids=["list", "tuple", "array", "pandas", "polars"],
)
def test_texts_alone_are_a_table_of_one_column(texts):
    table = to_table(texts)
    (column,) = Schema.infer(table).columns
    assert (column.name, column.kind, column.detail) == ("text", "text", "5 words on average")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (REVIEWS, "text"),
        (["very good tea indeed", "not bad at all"] * 20, "category"),
        ([f"code{n}" for n in range(30)], "dropped"),
        ([f"a{n}e8-e29b-41d4-a716-4466" for n in range(30)], "dropped"),
        ([f"note {n} of 7: 1 2 3 4" for n in range(30)], "dropped"),
        ([f"这个茶{n}很好喝下次再买" for n in range(30)], "text"),
        ([None, *REVIEWS], "text"),
        (REVIEWS[:5], "category"),
    ],
    ids=["reviews", "answers", "codes", "long codes", "numbers", "Chinese", "missing", "few"],
)
def test_what_is_taken_for_text(values, kind):
    table = Table.from_columns({"x": values, "size": np.arange(len(values)) % 7})
    assert Schema.infer(table)["x"].kind == kind


def test_the_kind_may_be_given():
    table = Table.from_columns({"x": ["tea", "coffee"] * 20, "size": np.arange(40) % 7})
    assert Schema.infer(table, {"x": "text"})["x"].kind == "text"
    long = Table.from_columns({"x": REVIEWS, "size": np.arange(30) % 7})
    assert Schema.infer(long, {"x": "category"})["x"].kind == "category"


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("!?", ["!?"]),
        ("So, so good!!!!", ["so", ",", "so", "good", "!!!", "so so", "so good", "so … good"]),
        ("Good TEA", ["good", "tea", "good tea"]),
        ("l'été", ["l'été"]),
        ("Tasted", ["tasted", "taste…"]),
        ("Чай №1", ["чай", "№", "1", "чай 1"]),
        ("茶good茶", ["茶", "good", "茶"]),
        ("चाय अच्छी।", ["चाय", "अच्छी", "।", "चाय अच्छी"]),
        ("ไม่ดี", ["ไ", "ม", "่", "ด", "ี", "ไม", "ม่", "่ด", "ดี", "ไม่", "ม่ด", "่ดี"]),
    ],
)
def test_texts_are_taken_apart(text, terms):
    assert list(terms_of(text)) == terms
    placed = list(terms_in(text))
    assert [term for term, _ in placed] == terms
    for term, spans in placed:
        pieces = [text.lower()[start:stop] for start, stop in spans]
        joined = {gap.join(pieces) for gap in ("", " ", f" {GAP} ")}
        assert term in {*joined, pieces[0][:3], pieces[0][:5] + GAP}


def test_features_are_counted_weighted_and_of_one_size():
    encoder = TextEncoder.fit("review", np.array(REVIEWS, object))
    rare, frequent = encoder.terms.index("not bad"), encoder.terms.index("number")
    out = np.full((3, encoder.n_features), np.nan, np.float32)
    encoder.write(encoder.read(np.array(["Not bad, number", "strange words", None], object)), out)
    assert out[0, rare] > out[0, frequent] > 0
    np.testing.assert_allclose(np.square(out[0]).mean(), 1, rtol=1e-5)
    assert not out[1:].any()
    assert "tea" in encoder.terms
    assert "7" not in encoder.terms  # of one text only


def test_texts_are_kept_without_zeros_and_other_tables_with_them():
    texts = Table.from_columns({"review": REVIEWS})
    beside = Table.from_columns({"review": REVIEWS, "number": [*range(len(REVIEWS))]})
    alone, mixed = (TableEncoder.fit(one, Schema.infer(one)).encode(one) for one in (texts, beside))
    kept = alone.kept(0)
    assert isinstance(kept, SparseRows)
    np.testing.assert_array_equal(kept.dense(), alone.features(0))
    assert mixed.kept(0) is mixed.features(0)


def test_how_many_terms_a_text_has_is_known_before_any_is_encoded():
    table = Table.from_columns({"review": REVIEWS})
    encoder = TableEncoder.fit(table, Schema.infer(table))
    counted = np.count_nonzero(encoder.encode(table).features(0)) / len(REVIEWS)
    assert encoder.terms_of_a_row == pytest.approx(counted)
    beside = Table.from_columns({"review": REVIEWS, "number": [*range(len(REVIEWS))]})
    assert TableEncoder.fit(beside, Schema.infer(beside)).terms_of_a_row is None


def test_pairs_and_stems_count_less_than_the_words_they_are_made_of():
    long = " ".join("abcdefghijklmnopqrstuvwxyz")  # on average, texts have the words of sentences
    texts = ["grand coffees", "grand coffees", "grand coffees …", "…", "…", long]
    encoder = TextEncoder.fit("review", np.array(texts, object), alone=True)
    weights = dict(zip(encoder.terms, encoder.weights, strict=True))
    word = np.sqrt(1 + np.log(2))  # in half of the texts, as are all others
    shared = {term: one for term, one in weights.items() if len(term) > 1 or term == GAP}
    assert shared == pytest.approx(
        {"grand": word, "coffees": word, "…": word}
        | {"coffe…": 0.7 * word, "grand coffees": 0.7 * word}
    )


def test_how_often_a_term_occurs_counts_by_the_root_of_its_logarithm():
    encoder = TextEncoder("review", ("tea", "so"), (1.0, 1.0))
    out = np.empty((1, 2), np.float32)
    encoder.write(np.array(["Tea tea! Tea so"], object), out)
    assert out[0, 0] / out[0, 1] == pytest.approx(np.sqrt(1 + np.log(3)))


def test_unknown_scripts_have_no_terms():
    praised = [f"{text}!" for text in REVIEWS]
    encoder = TextEncoder.fit("review", np.array(praised, object), alone=True)
    assert {"!", f"very {GAP} tea"} <= set(encoder.terms)
    strange = np.array(["日本語です!", "Очень хорошо!", "!!!", "very!"], object)
    out = np.full((4, encoder.n_features), np.nan, np.float32)
    encoder.write(encoder.read(strange), out)
    assert not out[:3].any()
    assert out[3, encoder.terms.index("!")] > 0
    assert encoder.n_unseen(encoder.read(strange)) == 2  # signs alone are no words


def test_beside_other_columns_there_is_room_for_neighbors_only():
    encoder = TextEncoder.fit("review", np.array(REVIEWS, object))
    assert {"very good", "number"} <= set(encoder.terms)
    assert not any(GAP in term for term in encoder.terms)


def test_an_encoder_of_texts_beside_numbers_comes_back_from_a_file():
    table = Table.from_columns({"review": REVIEWS, "size": np.arange(30) % 7})
    encoder = TableEncoder.fit(table, Schema.infer(table))
    state, arrays = encoder.to_state()
    again = TableEncoder.from_state(json.loads(json.dumps(state)), arrays)
    np.testing.assert_array_equal(
        again.encode(table).features(0), encoder.encode(table).features(0)
    )


def test_texts_without_a_common_word_tell_nothing():
    table = to_table([f"a{n} b{n} c{n} d{n} e{n}" for n in range(30)])
    with pytest.raises(InputError, match="nothing to learn from"):
        TableEncoder.fit(table, Schema.infer(table))


def test_rare_terms_are_forgotten_where_there_are_too_many():
    texts = [f"often word{number} other{number}" for number in range(300)]
    assert count_terms(texts)["often"] == 300
    few = count_terms(texts, 50)
    assert few["often"] == 300
    assert len(few) <= 50


def kind_of(values, **others):
    table = Table.from_columns({"column": values, **others})
    return infer_columns(table)[0].kind


def test_many_phrases_of_the_same_words_are_texts():
    rng, words = np.random.default_rng(0), [f"w{number}x" for number in range(60)]
    phrases = [" ".join(rng.choice(words, rng.integers(1, 4))) for _ in range(400)]
    assert kind_of(phrases) == TEXT
    assert kind_of(phrases, other=list(range(400))) == TEXT
    characters = [chr(0x4E00 + number) for number in range(60)]
    assert kind_of(["".join(rng.choice(characters, 4)) for _ in range(400)]) == TEXT


def test_few_levels_and_levels_without_words_in_common_are_categories():
    rng = np.random.default_rng(0)
    few = [f"big {number} house" for number in range(30)]
    assert kind_of(list(rng.choice(few, 4000)), other=list(range(4000))) == CATEGORY
    codes = [f"a{number}" for number in range(350)]
    assert kind_of(list(rng.choice(codes, 1000)), other=list(rng.random(1000))) == CATEGORY
    names = [f"a{number}b c{number}d" for number in range(350)]
    assert kind_of(list(rng.choice(names, 1000)), other=list(rng.random(1000))) == CATEGORY


def test_names_alone_are_read_by_their_letters_unless_each_has_many_rows():
    names = [f"{first}{last}" for first in ("an", "be", "cla") for last in "abcdefghij"]
    assert kind_of(names) == TEXT
    assert kind_of(names, constant=["x"] * 30) == TEXT
    assert kind_of(names * 3) == CATEGORY
    assert kind_of(names, size=list(range(0, 60, 2))) == DROPPED
    assert infer_columns(to_table(names), {"text": CATEGORY})[0].kind == CATEGORY


def test_pieces_are_what_a_word_has_anywhere_begins_with_and_ends_in():
    terms = list(terms_of("Anna-7", with_pieces=True))
    assert {"anna", "…n…", "…nn…", "…ann…", "an…", "ann…", "…a", "…nna", "7", "-"} <= set(terms)
    assert "…anna…" not in terms  # that is the word
    assert terms.count("…n…") == 2
    assert list(terms_of("美子", with_pieces=True)) == ["美", "子", "美子", "美…", "…子"]
    for text in ("Anna-7", "美子", "ab 12", "ÉVA Strömgren"):
        placed = list(terms_in(text, with_pieces=True))
        assert [term for term, _ in placed] == list(terms_of(text, with_pieces=True))
        for term, spans in placed:
            pieces = [text.lower()[start:stop] for start, stop in spans]
            assert all(piece in term or term.strip(GAP) in piece for piece in pieces)
    assert dict(terms_in("Anna", with_pieces=True))["…na"] == ((2, 3), (3, 4))
    assert dict(terms_in("Anna B", with_pieces=True))["…na"] == ((0, 4),)


def test_words_of_one_text_are_terms_of_texts_that_stand_alone():
    texts = np.array([f"here is one {word} to be read" for word in ("cat", "dog", "日本")], object)
    alone = TextEncoder.fit("note", texts, alone=True)
    assert {"cat", "dog", "日", "本"} <= set(alone.terms)
    assert {"one cat", "日本"}.isdisjoint(alone.terms)
    assert "cat" not in TextEncoder.fit("note", texts).terms


def test_a_name_of_one_row_is_no_term():
    names = np.array(["Anna", "Hanna", "Joanna", "Anna B", "C B"], object)
    terms = TextEncoder.fit("name", names, alone=True).terms
    assert {"anna", "…nna", "b", "c"} <= set(terms)
    assert {"hanna", "joanna"}.isdisjoint(terms)


def test_words_come_before_pairs_where_there_is_no_room(monkeypatch):
    import madaline._tables.kinds.text as module

    monkeypatch.setattr(module, "MAX_TERMS_ALONE", 6)
    texts = np.array(["we like tea a lot", "we like tea so much", "we sip it now again"], object)
    assert TextEncoder.fit("note", texts, alone=True, narrowing=1).terms == (
        "we", "like", "tea", "a", "again", "it",
    )  # fmt: skip


def test_names_with_a_known_ending_are_known():
    names = np.array([f"{first}{last}" for first in "bcdfgh" for last in ("ella", "ino")], object)
    encoder = TextEncoder.fit("name", names, alone=True)
    assert {"name has …lla", "name has …ino", "name has …o"} <= set(encoder.feature_names)
    unknown = np.array(["Zella", "xyz"], object)
    assert encoder.n_unseen(unknown) == 1
    out = np.empty((2, encoder.n_features), np.float32)
    encoder.write(unknown, out)
    assert out[0, encoder.terms.index("…lla")] > 0
    assert not out[1].any()
    state, arrays = encoder.to_state()
    assert TextEncoder.from_state(json.loads(json.dumps(state)), arrays).with_pieces


@pytest.mark.parametrize(("alone", "most"), [(False, 4096), (True, 16_384)])
def test_so_many_terms_have_a_feature(alone, most):
    words = " ".join(f"{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}q{chr(97 + n // 676)}"
                     for n in range(6000))  # fmt: skip
    encoder = TextEncoder.fit("t", np.array([words, words + " end"], object), alone=alone)
    assert len(encoder.terms) == most


def test_the_most_frequent_terms_come_first_and_equals_by_alphabet():
    counts = {"b": 2, "a": 2, "c": 9, "c d": 2, "d": 1}
    known = [("c", 9), ("a", 2), ("b", 2), ("c d", 2)]
    assert _known(counts, 9, with_words=False) == known
    assert _known(counts, 2, with_words=False) == known[:2]
    assert _known(counts, 9, with_words=True) == [*known, ("d", 1)]
    assert _known({"d": 1}, 9, with_words=True) == []


def test_a_word_counts_as_two_and_a_half_pairs():
    counts = {"w": 1, "a b": 2, "c d": 3, "v": 2}
    assert _known(counts, 2, with_words=True) == [("c d", 3), ("v", 2)]
    assert _known(counts, 3, with_words=True) == [("c d", 3), ("v", 2), ("w", 1)]


def test_terms_of_one_text_are_forgotten_where_there_are_too_many():
    texts = ["a", "a", "b", "b", "c", "c"]
    assert count_terms(texts, 2) == {"a": 2, "b": 2}
    assert count_terms(texts, 3) == {"a": 2, "b": 2, "c": 2}
    assert count_terms(["a", "b", "c", "c"], 2) == {"c": 1}
