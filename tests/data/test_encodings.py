"""Encodings of text files: what is read, with which warning, and what is refused."""

# ruff: noqa: RUF001

from __future__ import annotations

import gzip
import unicodedata
import warnings
from contextlib import suppress

import numpy as np
import pytest
from tests.grids import some

from madaline._tables.io import encoding_guess
from madaline._tables.io.encodings import check_encoding
from madaline._tables.io.table_files import read_file
from madaline.errors import InputError

pytest.importorskip("polars")

WORDS = {
    ("French", "cp1252"): "prénom|âge|Élodie|François|Besançon|Où est l’œuvre ?|Noël|façade|"
    "Saint-Étienne|12 €|« créée à l’été »|théâtre|garçon|lycée|Île-de-France|numéro|n° 5|"
    "hôpital|cœur|Maïté|goût|l'année dernière|naïf|reçu|dépôt à vue",
    ("German", "cp1252"): "Straße|Größe|München|Köln|Düsseldorf|Müller|Jürgen|Öl|Übergröße|"
    "Mädchen|süß|fünf|Preis in €|„Güte“|§5|Maß|5 °C|10 µm|Jäger – Söhne|Schäfer|wärmer|m²|ÄÖÜ",
    ("Spanish", "cp1252"): "año|Málaga|niño|¿Qué hora es?|¡Olé!|Núñez|Peña|compañía|canción|"
    "cigüeña|1º|2ª|teléfono|García|Martínez|LEÓN|España|lingüística|cañón|José Mª|corazón",
    ("Catalan", "cp1252"): "història|l’àvia|col·legi|català|París|qüestió|plaça|això",
    ("Portuguese", "cp1252"): "São Paulo|ação|informações|não|coração|João|Conceição|você|"
    "Brasília|preço|pão|limões|à vista|ônibus|AÇÃO|município|três|avô|nº|põe|Goiânia",
    ("Italian", "cp1252"): "città|perché|più|lunedì|è|università|però|Forlì|così|Cantù|"
    "qualità|l’età|c’è|Nicolò|50 € – 60 €",
    ("Swedish", "cp1252"): "Göteborg|Malmö|Åsa|Söderström|ålder|kön|Örebro|å|ö|Västerås|år|"
    "frågor|Östersund|Linköping|Idé|kaféer|färg",
    ("Danish", "cp1252"): "København|Ærø|Århus|Søren|Kjær|Ålborg|går|først|køn|år|beløb|Ø|æble|én",
    ("Norwegian", "cp1252"): "Tromsø|Bodø|Ålesund|Bjørn|Sæther|Håkon|første|kjønn|Bø|sånn|på|òg",
    ("Finnish", "cp1252"): "Jyväskylä|Hämeenlinna|äiti|pää|yö|työ|hääyö|Järvenpää|Mäkinen|"
    "ikä|sää|säästö|Åbo|šakki|Öljy",
    ("Icelandic", "cp1252"): "Reykjavík|Guðmundur|Þór|það|Ísafjörður|Sigurður|börn|Ægir|"
    "Jónsdóttir|aldur á ári|Höfn|mjög|Kópavogur|sýn|Hveragerði|þú|bær|Ása",
    ("Dutch", "cp1252"): "België|één|coördinatie|reünie|Curaçao|privé|ideeën|Citroën",
    ("signs", "cp1252"): "5 €|£20|price (£m)|£5.50|k€|50 ¢|¥500|10–20|“quoted”|it’s|Acme™|Brand®|"
    "© 2026|½|¼ cup|20 °C|±5|5 × 3|km²|m³|…|•|‰|naïve|café|Zoë|α".replace("|α", ""),
    ("Polish", "cp1250"): "imię|Łódź|Kraków|Gdańsk|Poznań|Wrocław|płeć|wiek|województwo|"
    "Częstochowa|Łukasz|Paweł|Małgorzata|złoty|żółty|Śląsk|są|być|Rzeszów|źródło|Bydgoszcz|"
    "ilość|książka|święto|Ż|dzień|może|wieś|tysiąc|miesiąc",
    ("Czech", "cp1250"): "příjmení|věk|město|České Budějovice|Plzeň|Dvořák|Jiří|muž|žena|"
    "Ústí|čas|řeka|dům|vůz|Novák|Černý|Růžička|tři|pět|částka|kůň|příští|není|prodej",
    ("Hungarian", "cp1250"): "erdő|nő|férfi|Győr|Szűcs|Erdős|életkor|működő|gyűrű|Pécs|fő|"
    "idő|könyv|gyűjtő|Őri|szülő|Debrecen|hűtő|Zoltán|eső|Miskolc|össz",
    ("Russian", "cp1251"): "Москва|да|нет|муж|жен|возраст|город|Иван|М|Ж|и|в|Санкт-Петербург|"
    "имя|цена|Россия|Пермь|Уфа|5 руб.|№ 5|ёж|улица|доход",
    ("Russian", "koi8-r"): "Москва|да|нет|муж|жен|возраст|город|Иван|М|Ж|и|в|Санкт-Петербург|"
    "имя|цена|Россия|Пермь|Уфа|ёж|улица|доход",
    ("Greek", "cp1253"): "Αθήνα|ναι|όχι|ηλικία|φύλο|Θεσσαλονίκη|πόλη|Γιώργος|τιμή|και|ή|Κρήτη",
    ("Hebrew", "cp1255"): "ינואר|פברואר|מרץ|אפריל|מאי|יוני|תל אביב|ירושלים|חיפה|גיל|עיר|מחיר|כן|לא",
    ("Turkish", "cp1254"): "İstanbul|yaş|şehir|kadın|Beşiktaş|Doğan|Iğdır|güneş|gümüş|çocuk|"
    "Işık|Şanlıurfa|Muğla|Aydın|erkek|Ağrı|değer|fiyatı|öğrenci|İzmir|yıl|Uşak|doğru|Kırşehir",
    ("Chinese", "gb18030"): "编号|姓名|男|女|年龄|北京|上海|是|否|收入|城市|广州|张伟|李娜|高|低|"
    "不满意|价格|深圳市|学历|本科|已婚|A类|3号楼|类别|目标|中国移动|合计（元）",
    ("Chinese", "big5"): "編號|姓名|男|女|年齡|台北|高雄|是|否|收入|城市|陳|林|高|低|價格|台灣|"
    "學歷|已婚|A類|3號|中|合計|新竹市",
    ("Japanese", "shift_jis"): "番号|名前|男|女|年齢|東京|大阪|はい|いいえ|収入|都市|カタカナ|高い|"
    "価格|田中|さくら|データ|横浜市|ｶﾅ|Aクラス|円",
    ("Japanese", "euc_jp"): "番号|名前|男|女|年齢|東京|大阪|はい|いいえ|収入|都市|カタカナ|高い|"
    "価格|田中|さくら|データ|横浜市|Aクラス|円",
    ("Arabic", "cp1256"): "يناير|فبراير|مارس|أبريل|القاهرة|الرياض|نعم|لا|العمر|ذكر|أنثى|المدينة",
    ("Persian", "cp1256"): "تهران|اصفهان|مرد|زن|شهر|سن|درآمد|بله|خیر".replace("ی", "ي"),
    ("Thai", "cp874"): "กรุงเทพ|เชียงใหม่|ชาย|หญิง|อายุ|เมือง|ใช่|ไม่|รายได้|ภูเก็ต|ราคา",
    ("Vietnamese", "cp1258"): "Hà Nội|Đà Nẵng|Huế|tuổi|thành phố|nam|nữ|có|không|giá|thu nhập",
    (
        "Lithuanian",
        "cp1257",
    ): "Vilnius|Šiauliai|amžius|miestas|vyras|moteris|ne|Panevėžys|kaina",
    ("Latvian", "iso8859-13"): "Rīga|Liepāja|vecums|pilsēta|vīrietis|sieviete|jā|nē|Jūrmala|cena",
    ("Ukrainian", "koi8-u"): "Київ|Львів|вік|місто|чоловік|жінка|так|ні|Одеса|ціна|дохід",
    ("Russian", "iso8859-5"): "январь|февраль|апрель|Москва|возраст|город|доход",
    ("French", "iso8859-15"): "prix en €|cœur|œuvre|sœur|âge|été|Besançon|marié|forêt",
    ("Polish", "iso8859-2"): "imię|Łódź|Kraków|Gdańsk|płeć|Wrocław|źródło|święto|książka",
    ("Greek", "iso8859-7"): "Αθήνα|ναι|όχι|ηλικία|φύλο|Θεσσαλονίκη|πόλη|ΗΛΙΚΙΑ|ΠΟΛΗ",
    ("Hong Kong", "big5hkscs"): "香港|九龍|深水埗|鰂魚涌|男|女|年齡|城市|收入",
    (
        "Korean",
        "euc_kr",
    ): "번호|이름|남|여|나이|서울|부산|예|아니오|소득|도시|김철수|높음|가격|대전시|A형",
}
WORDS = {key: words.split("|") for key, words in WORDS.items()}
KEYS = [(key,) for key in WORDS]  # each is one parameter

MAX_WRONG = 10
"""Words of a language which, alone in a table, are read wrong, though told to be in doubt."""


def read(path, words, written_in, **settings):
    """Return the cities of a table that holds these words."""
    lines = ["id,city", *(f"{number},{word}" for number, word in enumerate(words))]
    path.write_bytes(written("\n".join(lines), written_in))
    return read_file(path, categories=["city"], **settings).table["city"].tolist()


def written(text, encoding):
    """Return the bytes of a text; the tones of Vietnamese stand behind its letters."""
    if encoding != "cp1258":
        return text.encode(encoding)
    marks = "\u0300\u0301\u0303\u0309\u0323"
    for letter in set(text) - {""}:
        parts = unicodedata.normalize("NFD", letter)
        base = unicodedata.normalize("NFC", "".join(o for o in parts if o not in marks))
        text = text.replace(letter, base + "".join(o for o in parts if o in marks))
    return text.encode(encoding)


@pytest.mark.parametrize("key", some(KEYS, 15))
def test_a_table_of_words_is_read_with_a_warning(key, tmp_path):
    with pytest.warns(UserWarning, match="is not in UTF-8; it was read as .*--encoding"):
        assert read(tmp_path / "t.csv", WORDS[key], key[1]) == WORDS[key]


@pytest.mark.parametrize("key", some(KEYS, 12))
def test_one_word_is_read_right_or_with_a_doubt(key, tmp_path):
    n_wrong = 0
    for word in filter(lambda word: not word.isascii(), WORDS[key]):
        if is_utf_8(written(f"{word}\n", key[1])):
            continue
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            with suppress(InputError):
                if read(tmp_path / "t.csv", ["Rome", word], key[1]) != ["Rome", word]:
                    n_wrong += 1
                    assert "may as well be in" in str(told[0].message), word
    assert n_wrong <= MAX_WRONG


def is_utf_8(content):
    """Return whether bytes are right in UTF-8, as those of a few Chinese words."""
    with suppress(UnicodeDecodeError):
        return content.decode() is not None
    return False


class Searched:
    """A pattern that counts how often it is searched."""

    def __init__(self, pattern):
        self.pattern, self.n = pattern, 0

    def search(self, *where):
        self.n += 1
        return self.pattern.search(*where)


@pytest.mark.parametrize("line", ["é" * 200_000, "café," * 40_000])
def test_what_is_looked_at_is_bounded_in_a_long_line(line, monkeypatch):
    high = Searched(encoding_guess._HIGH)
    monkeypatch.setattr(encoding_guess, "_HIGH", high)
    parts = encoding_guess._parts(line.encode("cp1252"))
    assert parts
    assert max(map(len, parts)) <= 2_000
    assert high.n <= 20_000


def test_a_part_that_is_cut_may_end_within_a_letter():
    content = ("1" + "北京" * 10**5).encode("gb18030")
    assert next(encoding_guess.guess_encoding(content)).encoding == "gb18030"


def test_bytes_that_are_no_text_are_refused_with_the_remedy(tmp_path):
    numbers = np.random.default_rng(0).integers(97, 256, (40, 9)).astype(np.uint8)
    rows = [row.tobytes().translate(None, b"\x7f").replace(b"~", b"x") for row in numbers]
    (tmp_path / "t.csv").write_bytes(b"city\n" + b"\n".join(rows))
    with pytest.raises(InputError, match=r"not likely to be text in any other.*--encoding"):
        read_file(tmp_path / "t.csv")


@pytest.mark.parametrize("encoding", ["cp850", "cp866", "mac-roman"])
def test_encodings_of_dos_and_old_mac_are_read_where_they_are_named(encoding, tmp_path):
    words = WORDS["Russian", "iso8859-5"] if encoding == "cp866" else ["äiti", "pää", "yö", "Åbo"]
    with pytest.raises((InputError, UserWarning), match=r"^(?!.*(?:DOS|Mac)).*--encoding"):
        read(tmp_path / "t.csv", words, encoding)
    assert read(tmp_path / "t.csv", words, encoding, encoding=encoding) == words
    assert read(tmp_path / "t.csv", words, encoding, otherwise=encoding) == words


@pytest.mark.parametrize("encoding", ["iso2022_jp", "iso2022_kr"])
def test_letters_behind_escapes_are_read(encoding, tmp_path):
    words = ["東京", "大阪"] if encoding == "iso2022_jp" else ["서울", "부산"]
    assert read(tmp_path / "t.csv", words, encoding) == words
    assert "by its escape sequences" in read_file(tmp_path / "t.csv").notes[0]


def test_one_word_beyond_ascii_is_read_and_told(tmp_path):
    with pytest.warns(UserWarning, match="windows-1252"):
        assert read(tmp_path / "t.csv", ["Rome"] * 300 + ["Köln"], "cp1252")[-1] == "Köln"


def test_the_encoding_of_the_fit_is_kept_as_long_as_it_is_plausible(tmp_path):
    path, settings = tmp_path / "t.csv", {"otherwise": "windows-1250"}
    assert read(path, ["Czêstochowa".replace("ê", "ę")], "cp1250", **settings) == ["Częstochowa"]
    with pytest.warns(UserWarning, match="windows-1251"):
        assert read(path, ["Москва", "Россия"], "cp1251", **settings) == ["Москва", "Россия"]


def test_words_after_many_lines_of_ascii_count(tmp_path):
    words = [*(["Rome"] * 200_000), "Москва", "Пермь", "Россия"]
    with pytest.warns(UserWarning, match="windows-1251"):
        assert read(tmp_path / "t.csv", words, "cp1251")[-1] == "Россия"


@pytest.mark.parametrize("key", some(KEYS, 15))
def test_a_named_encoding_is_read(key, tmp_path):
    assert read(tmp_path / "t.csv", WORDS[key], key[1], encoding=key[1]) == WORDS[key]
    assert read(tmp_path / "t.csv", WORDS[key], key[1], otherwise=key[1]) == WORDS[key]


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32", "utf-7", "gb18030"]
)
def test_any_encoding_of_python_may_be_named(encoding, tmp_path):
    words = ["Köln", "編號", "дом"]
    assert read(tmp_path / "t.csv", words, encoding, encoding=encoding) == words


def test_utf_8_goes_before_the_encoding_of_the_fit(tmp_path):
    assert read(tmp_path / "t.csv", ["编号"], "utf-8", otherwise="gb18030") == ["编号"]
    assert read(tmp_path / "t.csv", ["编号"], "utf-16", otherwise="gb18030") == ["编号"]
    content = "id,city\n1,编号".encode("gb18030")
    (tmp_path / "t.csv").write_bytes(content)
    assert read_file(tmp_path / "t.csv", otherwise="gb18030").notes == (
        "Read as gb18030, as for the fit.",
    )


@pytest.mark.parametrize("name", ["t.csv.gz", "t.jsonl", "t.jsonl.gz", "t.tsv", "t"])
def test_compressed_files_and_json_follow_the_same_rules(name, tmp_path):
    def written(encoding, city):
        text = f"id\tcity\n1\t{city}\n"
        if "json" in name:
            text = f'{{"id": 1, "city": "{city}"}}\n'
        content = text.encode(encoding)
        path = tmp_path / name
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    assert read_file(written("big5", "臺北"), encoding="big5").table["city"] == ["臺北"]
    assert read_file(written("utf-16", "编号")).table["city"] == ["编号"]
    with pytest.warns(UserWarning, match="as gb18030"):
        assert read_file(written("gb18030", "编号")).table["city"] == ["编号"]
    with pytest.warns(UserWarning, match="as windows-1252"):
        assert read_file(written("cp1252", "Köln")).table["city"] == ["Köln"]


def test_utf_8_with_a_damaged_byte_is_no_western_text(tmp_path):
    lines = ["id,city", *(f"{row},Köln" for row in range(500))]
    content = bytearray("\n".join(lines).encode())
    content[content.rindex(b"\xc3")] = ord("K")
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(
        InputError, match=r"UTF-8, except for byte 0xb6 at line 501, character 7: correct that line"
    ):
        read_file(tmp_path / "t.csv")


def test_bytes_that_are_not_in_the_named_encoding_are_located(tmp_path):
    (tmp_path / "t.csv").write_bytes("id,city\n1,Köln\n2,".encode("gb18030") + b"\xff\xff\n")
    with pytest.raises(
        InputError, match=r"not in gb18030 \(byte 0xff at line 3, character 3.*--encoding"
    ):
        read_file(tmp_path / "t.csv", encoding="gb18030")
    with pytest.raises(InputError, match=r"not in ascii \(byte 0x81 at line 2, character 4"):
        read_file(tmp_path / "t.csv", encoding="ascii")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("word", ["Rome", "编号", "가격", "дом"])
def test_utf_16_without_a_mark_is_read(encoding, word, tmp_path):
    assert read(tmp_path / "t.csv", [word] * 9, encoding) == [word] * 9
    assert "without a byte-order mark" in read_file(tmp_path / "t.csv").notes[0]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("gb-18030", "gb18030"),
        ("windows-1260", "windows-1250|windows-1256"),
        ("shiftjs", "shiftjis"),
        ("no such", "such as utf-8"),
        ("rot13", "such as|mean"),
        ("base64", "such as|mean"),
        ("idna", "such as|mean"),
        ("a\0b", "such as"),
    ],
)
def test_an_unknown_encoding_is_refused_with_near_names(name, meant, tmp_path):
    with pytest.raises(InputError, match=f"no encoding.*(?:{meant})"):
        check_encoding(name)
    with pytest.raises(InputError, match="no encoding"):
        read_file(tmp_path / "not there.csv", encoding=name)
