"""Guesses the encoding of a text file: what its bytes allow, and what its words make likely.

Each encoding has languages. A file is probably in an encoding if its words, read in it, look like
those of its languages: words of one alphabet, letters where they may stand, frequent characters.
"""

# ruff: noqa: RUF001

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, zip_longest

MAX_STRANGE_SHARE = 0.05
"""Share of the different words and signs beyond ASCII that may be strange, at most."""

_MAX_WORDS = 100_000
"""Words that are looked at, at most: the first ones."""

_FEW_LETTERS, _FEW_EASTERN = 12, 4
"""Fewer letters of words beyond ASCII, or characters of East Asia, leave a doubt."""

_DOUBTFUL, _DOUBTFUL_IF_THIN = 0.95, 0.6
"""The likeness of another encoding, as a share of that of the first, from which there is doubt."""

_SAMPLE = 2**20
"""Bytes of lines with something beyond ASCII that are looked at, at most."""

_TOKEN = re.compile(r"(?<![A-Za-z])[A-Za-z]*[^\x00-\x7f][A-Za-z\x80-\U0010ffff]*")
_APART = re.compile("[\xa0\xad«»‹›“”„‘’–—…•]+")
"""Signs that may stand beside or between words without a space."""


@dataclass(frozen=True)
class Guess:
    """A file, or its lines with something beyond ASCII, read in one encoding."""

    encoding: str
    text: str
    strange: str = ""  # the first strange word, if more than a few are strange
    likeness: float = 1.0  # how much the words look like those of its languages, at most 1

    @property
    def name(self) -> str:
        """The name of the encoding, and where it is used."""
        return f"{self.encoding} ({PLACES[self.encoding]})"

    def doubt(self, others: Sequence[Guess]) -> tuple[Guess, str, str] | None:
        """Return a guess that is about as likely, a word, and what it is there; None if none is."""
        if not others:
            return None
        other = others[0]
        tokens, of_other = _tokens(self.text), _tokens(other.text)
        thin = sum(map(len, tokens)) < (_FEW_EASTERN if self.encoding in _EASTERN else _FEW_LETTERS)
        if other.likeness < (_DOUBTFUL_IF_THIN if thin else _DOUBTFUL) * self.likeness:
            return None
        pairs = zip_longest(tokens, of_other, fillvalue="")
        return other, *next(pair for pair in pairs if pair[0] != pair[1])


def guess_encoding(content: bytes) -> list[Guess]:
    """Return the guesses whose words are plausible, the likeliest first, and their lines.

    Examples
    --------
    >>> guess_encoding("名前,東京".encode("cp932"))[0].encoding
    'cp932'
    >>> guess_encoding("имя,Москва".encode("cp1251"))[0].encoding
    'windows-1251'
    """
    content = _beyond_ascii(content)
    read = [guess for encoding in PLACES if (guess := read_as(content, encoding)) is not None]
    plausible = [guess for guess in read if not guess.strange]
    plausible.sort(key=lambda guess: -guess.likeness)
    seen: dict[str, Guess] = {}
    for guess in plausible:
        seen.setdefault(guess.text, guess)
    return list(seen.values())


def read_as(content: bytes, encoding: str) -> Guess | None:
    """Return a file read in an encoding; None if its bytes do not allow it."""
    try:
        text = content.decode(encoding)
    except UnicodeError:
        return None
    guess, tokens = Guess(encoding, text), _tokens(text)
    if encoding not in PLACES or not tokens:
        return guess
    if encoding in _EASTERN:
        likeness = _eastern_likeness(tokens, encoding)
        least = _LEAST_LIKENESS if sum(map(len, tokens)) > 2 * _FEW_EASTERN else _ORDINARY - 0.01
        is_strange = likeness < least
        return replace(guess, strange=tokens[0] if is_strange else "", likeness=likeness)
    script = _SCRIPTS[encoding]
    strange, likeness = [*filter(script.is_strange, tokens)], script.likeness(tokens)
    if len(strange) > MAX_STRANGE_SHARE * len(tokens) or likeness < script.least:
        return replace(guess, strange=(strange or tokens)[0])
    return replace(guess, likeness=likeness)


def _beyond_ascii(content: bytes) -> bytes:
    """Return the first lines that hold something beyond ASCII."""
    lines, n_bytes = [], 0
    for line in re.finditer(rb"[^\n]*[\x80-\xff][^\n]*", content):
        lines.append(line[0])
        n_bytes += len(line[0])
        if n_bytes > _SAMPLE:
            break
    return b"\n".join(lines)


def _tokens(text: str) -> list[str]:
    """Return the different words and signs beyond ASCII."""
    matches = islice(_TOKEN.finditer(text), _MAX_WORDS)
    tokens = dict.fromkeys(part for token in matches for part in _APART.split(token[0]))
    return [token for token in tokens if not token.isascii()]


PLACES: Mapping[str, str] = {
    "gb18030": "China",
    "cp950": "Big5, Taiwan",
    "cp932": "Shift-JIS, Japan",
    "cp949": "EUC-KR, Korea",
    "euc_jp": "Japan",
    "windows-1252": "western Europe",
    "windows-1254": "Turkey",
    "windows-1250": "central Europe",
    "windows-1257": "Baltic states",
    "windows-1255": "Hebrew",
    "windows-1251": "Cyrillic",
    "windows-1253": "Greece",
    "koi8-r": "Russia",
}
"""Where each encoding is used; of those that are equally likely the first is taken."""

_FREQUENT_CHINESE = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三"
    "之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表"
    "间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象"
    "员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取"
    "据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场"
    "身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算"
    "低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写"
    "存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严男女否是姓编龄城户额款购卖销费"
    "税贷婚职岁晴雨雪云上海深圳州河湖川陕吉辽苏浙陈李刘黄吴赵客店货订产品店付优差好良"
    "這為個國時來們於對會發動過說產種後學經進著電裡現實體機當點從業應開還間樣與關線內數氣變條沒結問無係軍總設長頭資邊級圖統較將組見計"
    "別論運農幾區強決戰則據處隊給門規熱領東導壓爭濟階術極聯認權證轉單風帶場車務萬達積議聲報類離華張馬節話況溫傳許廣記觀織裝眾書復兒須"
    "際驗連斷難礦備辦習響約勞團歷構稱準號維劃選標寫親養層專狀廠識適屬圓調滿縣參紅細聽該鐵價嚴齡編戶額購賣銷費稅貸職歲雲蘇陳劉黃吳趙貨"
    "訂優灣台臺北高雄新竹桃園"
)
"""Frequent characters of Chinese, and those of tables: simplified, then traditional."""

_FREQUENT_JAPANESE = frozenset(
    "日一国人年大十二本中長出三時行見月分後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西電校語土木聞食車"
    "何南万毎白天母火右読友左休父雨番号前名氏住所都道府県市区町村性別歳齢年収入価格値段売買数量合計平均最高低小品商店会社員職業教育学歴"
    "未既婚有無不良可否是非他其明暗強弱多少新旧東京大阪横浜名古屋田中佐藤鈴木高橋渡辺伊山本小林加吉晴曇雪霧日付時刻曜期間開始終了種類分"
    "類項目結果状態予測実績対象件率"
)
"""Frequent characters of Japanese besides kana, and those of tables."""

_FREQUENT_KOREAN = frozenset(
    "이다는에의가을를은한하고지로도사인기자어리시나대아해스일수정부그있서원주전제라상성장여동보과구국들만세신오유경연비공조년선무안문관용"
    "생물분우방학소치화마적회위미차산진트체모발당실김박최강윤임월민울천광군남예니요높음낮통격득번호름합계명금액날짜역값종류형태급간중저"
    "택건강졸업교육직업결혼맑눈흐림온습풍습판매수량거래제품코드등록단독재외내입출력반복저장터드크레르카타파프브그란아벨델"
)
"""Frequent syllables of Korean, and those of tables."""

_EASTERN: Mapping[str, tuple[frozenset[str], Callable[[int], bool]]] = {
    "gb18030": (_FREQUENT_CHINESE, lambda code: 0xB0A1 <= code <= 0xD7FE and code & 0xFF > 0xA0),
    "cp950": (_FREQUENT_CHINESE, lambda code: 0xA440 <= code <= 0xC67E),
    "cp932": (_FREQUENT_JAPANESE, lambda code: 0x889F <= code <= 0x9872),
    "cp949": (_FREQUENT_KOREAN, lambda code: 0xB0A1 <= code <= 0xC8FE and code & 0xFF > 0xA0),
    "euc_jp": (_FREQUENT_JAPANESE, lambda code: 0xB0A1 <= code <= 0xCFFE),
}
"""Frequent characters, and whether a code is in the part of the encoding for ordinary ones."""

_ORDINARY, _LEAST_LIKENESS = 0.4, 0.5
"""What an ordinary character counts beside a frequent one, and the least mean of many words."""

_KANA = re.compile("[ぁ-んァ-ヶー]")
_NEUTRAL = re.compile(r"[\x00-\x7f\u3000-\u3020\uff01-\uff20\uff3b-\uff40\uff5b-\uff5e]|[^\w]")


def _eastern_likeness(tokens: Sequence[str], encoding: str) -> float:
    """Return the mean of what characters count: 1 if frequent, less if ordinary, 0 if rare."""
    frequent, is_ordinary = _EASTERN[encoding]
    has_kana = frequent is _FREQUENT_JAPANESE
    points = []
    for token in tokens:
        weight = 0.5 if re.search("[a-z]", token) else 1.0  # words of ASCII seldom go on so
        for character in _NEUTRAL.sub("", token):
            if character in frequent or (has_kana and _KANA.match(character)):
                points.append(weight)
            else:
                code = int.from_bytes(character.encode(encoding))
                points.append(_ORDINARY * weight if is_ordinary(code) else 0.0)
    return sum(points) / len(points) if points else 0.0


_OF_CAPITALS = 0.7
"""What words of nothing but capitals count beside others."""

_RARE = 0.9
"""What a word of the rarest language of an encoding counts beside others."""

_WORD = re.compile(r"(?:(?![µªº¹²³¼½¾])[^\W\d_])+")


@dataclass(frozen=True)
class _Script:
    """How the words of an alphabet look."""

    alphabets: tuple[str, ...]  # the letters beyond ASCII of each language, the rarest last
    misplaced: re.Pattern[str]  # letters and signs where they do not stand
    # words without a letter of ASCII that occur; None if ASCII does not stand in words
    alone: re.Pattern[str] | None
    frequent: str = ""  # frequent letters; empty where the alphabets tell enough
    usual: float = 1.0  # the share of them in a text
    least: float = 0.25  # the least likeness that is plausible
    share: float = 1.0  # of words that are all in one language, less where few people live

    def is_strange(self, token: str) -> bool:
        """Return whether a word or sign shows that the encoding is another."""
        words = _WORD.findall(token)
        return bool(self.misplaced.search(token)) or any(map(self._is_strange_word, words))

    def _is_strange_word(self, word: str) -> bool:
        has_ascii = any(letter.isascii() for letter in word)
        if self.alone is None:
            return (has_ascii and not word.isascii()) or not self._languages(word)
        if not has_ascii and self.alone.fullmatch(word) is None:
            return True
        return not self._languages(word)

    def _languages(self, token: str) -> list[str]:
        """Return the alphabets that hold all letters of a word."""
        lower = "".join(_WORD.findall(token)).lower().replace("\u0307", "")  # the dot of a lower İ
        high = {letter for letter in lower if not letter.isascii()}
        return [alphabet for alphabet in self.alphabets if high <= set(alphabet)]

    def likeness(self, tokens: Sequence[str]) -> float:
        """Return the share of words of one language; or of frequent letters, beside the usual."""
        if not self.frequent:
            languages = chain.from_iterable(map(self._languages, tokens))
            counts = dict[str, float](Counter(languages))
            rarest = self.alphabets[-1]
            counts[rarest] = _RARE * counts.get(rarest, 0)
            return self.share * max(counts.values()) / len(tokens)
        letters = [letter for token in tokens for letter in token.lower() if letter.isalpha()]
        share = (4 + sum(letter in self.frequent for letter in letters)) / (6 + len(letters))
        capitals = sum(len(token) > 2 and token.isupper() for token in tokens)
        rare = _OF_CAPITALS if capitals > len(tokens) / 2 else 1.0
        return rare * min(1.0, share / self.usual)


def _latin(alphabets: tuple[str, ...], misplaced: str, alone: str, share: float = 1.0) -> _Script:
    """Return a script whose words hold letters of ASCII, too; signs stand outside of words."""
    small = "".join(sorted(set("".join(alphabets))))
    capital = "".join(letter.upper() for letter in small if letter not in "ßı") + "İ"
    case = f"[a-z{small}][{capital}]|[A-Z{capital}][{capital}][a-z{small}]"
    signs = _SIGNS_IN_WORDS.format(letters=f"A-Za-z{small}{capital}", high=f"{small}{capital}")
    pattern = re.compile(f"{case}|{signs}|{misplaced}")
    return _Script(alphabets, pattern, re.compile(alone), share=share)


_SIGNS_IN_WORDS = (
    "¤|[{letters}][¡¿¦¨¬¯¶¸ˆ˜¼½¾‚‰ˇ˘˛˝˙]|[¦¨¬¯¶¸ˆ˜¹²³¼½¾‚†‡ªˇ˘˛˝˙][{letters}]|º[a-z]"
    "|[{letters}][£¥§©®±×÷†‡€][{letters}]|£[{letters}]{{3}}|¥(?![mMbBkK])[{letters}]"
    "|[€‰™¢£¥±°º®µ×÷][{high}]|^[{high}][¢-±´-¿]|[{letters}]{{3}}[¹²³]|[©®][a-z]{{3}}"
    "|[¦¯˘˝˛˙ˇ¬]$|[¦§‰][^ 0-9]"
    "|([€‚†‡ˆ‰˜™¡-¬®-¿×÷ˇ˘˛˝˙])(?!\\1|¡)[€‚†‡ˆ‰˜™¡-¬®-¿×÷ˇ˘˛˝˙]"
)
"""Signs where they do not stand in text: within words, or side by side."""

_WESTERN = _latin(
    (
        "àâçéèêëîïôœùûüÿ",  # French
        "äöüßé",  # German
        "àáçèéíïñòóúü",  # Spanish, Catalan
        "áâãàçéêíóôõúü",  # Portuguese
        "àèéìíîòóùú",  # Italian
        "åäöéšž",  # Swedish, Finnish
        "æøåéêóòôöä",  # Danish, Norwegian
        "èéêëïöüä",  # Dutch
        "áðéíóúýþæö",  # Icelandic
    ),
    "ñ(?![aeiouyáéíóúü])|è(?=[aeiouáéíý])|^è(?=[lr])|iæ|[ìù](?=[a-zß-öø-ÿšœž])|ã(?![oes]|$)|õ(?!e)"
    "|iê$|^ð|þ(?![aeiouyáéíóúýæöjrv])|œ(?=[wkjbz]|$)|[À-ÖØ-öø-ÿŠŒŽŸšœžƒ]{4}"
    "|[ðþý].*[cqwz]|[cqwz].*[ðþý]",
    "[äöüßåæø]+|[ÄÖÜ]+|[þÞ][áéíóúýæö]|[àáåæèéíóòôöøÅÀÁÈÉÍÓÔÖØ]",
)
_CENTRAL = _latin(
    (
        "ąćęłńóśźż",  # Polish
        "áčďéěíňóřšťúůýž",  # Czech
        "áäčďéíĺľňóôŕšťúýž",  # Slovak
        "áéíóöőúüű",  # Hungarian
        "ăâîşţ",  # Romanian
        "äöüßé",  # German
        "čćđšž",  # Croatian, Slovenian
    ),
    "[ĺŕ](?=[aeiouáéíóú])|ă(?=[aeio]$)|[áéíóúůýąęöőüűäôâîăě]{3}|^ň(?=[bcdfghjklmpqrstvwxz])",
    "[ŻśŚżŽžáéíóúôőÁÉÍÓÚŐůöüÖÜ]|ő",
)
_TURKISH = _latin(("çğıöşüâîû", ""), "^[Ğğ]|[ğ][bcdfghjkmpqstvwxz]{3}", "[öüşçıİÖÜÇŞ]{1,3}")

_BALTIC = _latin(
    ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž", ""),
    "^[ėęįų]$|[ķ][bcdfghjklmpqrstvwxz]",
    "[āūįĪŪĀÄÖÜÕäöüõ]|öö|üü|õõ",
    _RARE,
)

_SIGNS = "[^\\w\\s\\x00-\\x7f«»–—“”„‘’…№€°±§©®™µ·×]"
"""Signs that do not stand in Cyrillic or Greek text."""

_CYRILLIC = _Script(
    (
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",  # Russian
        "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",  # Ukrainian
        "абвгдеёжзійклмнопрстуўфхцчшыьэюя",  # Belarusian
        "абвгдђежзијклљмнњопрстћуфхцчџш",  # Serbian
    ),
    re.compile(
        f"{_SIGNS}|[а-яё-џґ][А-ЯЀ-ЏҐ]|[А-ЯЀ-ЏҐ]{{2}}[а-яё-џґ]|(?<![Ѐ-ӿ])[ьъЬЪ]|[аеёиоуыэюяієї]{{4}}"
        "|[бвгджзйклмнпрстфхцчшщ]{6}|[Ѐ-ӿ][«±µ·§©®×°]|[»±µ·©®×][Ѐ-ӿ]"
    ),
    None,
    "оеаинтсрвл",
    0.65,
    0.65,
)
_GREEK = _Script(
    ("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",),
    re.compile(
        f"{_SIGNS}|[ά-ώΐ][Α-ΩΆ-Ώ]|[Α-ΩΆ-Ώ]{{2}}[ά-ώ]|ς[ά-ώ]|σ(?![ά-ώ])|[βγδζθκλμνξπρστφχψ]{{5}}"
        "|(?<![Ͱ-Ͽ])[α-ω]{5,}(?![Ͱ-Ͽ])|[άέήίόύώ][α-ω]*[άέήίόύώ]|(?<![Ͱ-Ͽ])[ΐΰ]"
        "|[ά-ώ][ψξγφτδθ](?![Ͱ-Ͽ])"
        "|[Ͱ-Ͽ][«±µ§©®×°]|[»±µ§©®×][Ͱ-Ͽ]"
    ),
    None,
    "αοιετνσςρηκπυίάόή",
    0.7,
    0.65,
)
_HEBREW = _Script(
    ("אבגדהוזחטיךכלםמןנסעףפץצקרשת",),
    re.compile(f"{_SIGNS}|[ךםןףץ][א-ת]"),
    None,
    "יוהלאמרתבנש",
    0.7,
    0.65,
)
_SCRIPTS: Mapping[str, _Script] = {
    "windows-1255": _HEBREW,
    "windows-1252": _WESTERN,
    "windows-1250": _CENTRAL,
    "windows-1257": _BALTIC,
    "windows-1254": _TURKISH,
    "windows-1251": _CYRILLIC,
    "koi8-r": _CYRILLIC,
    "windows-1253": _GREEK,
}
