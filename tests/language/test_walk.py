"""A Chinese table walks through the commands: no Latin word but names, files, options and terms."""

from __future__ import annotations

import html
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.flats import write_flats

from madaline._apps.cli import main

TERMS = {
    *("madaline", "NumPy", "numba", "CSV", "JSON", "HTML", "AUC", "RMSE", "ReLU", "SiLU", "UTF"),
    *("kB", "MB", "GB", "ms", "min", "ONNX", "MODEL", "TABLE", "COLUMN", "gb", "Adam", "Shapley"),
    *("Python", "JavaScript", "API", "OpenAPI", "tanh", "sigmoid"),
}
"""Names, units and values of options that Chinese texts have in Latin letters."""

FIT = ["fit", "二手房.csv", "--target", "总价", "--preset", "quick"]
MODEL, BOTH = "总价.madaline", ["总价.madaline", "二手房.csv"]

COMMANDS = {
    "look": ["look", "二手房.csv"],
    "look at a target": ["look", "二手房.csv", "--target", "总价"],
    "fit": [*FIT, "-o", "另一个.madaline"],
    "info": ["info", MODEL],
    "predict": ["predict", *BOTH, "-o", "预测.csv"],
    "explain": ["explain", *BOTH, "--rows", "2"],
    "effects": ["effects", *BOTH],
    "effect": ["effects", *BOTH, "--column", "面积"],
    "counterfactual": ["counterfactual", *BOTH, "--row", "3", "--at-least", "8000000"],
    "doctor": ["doctor", *BOTH],
    "story": ["story", MODEL],
    "story in full": ["story", MODEL, "--full"],
    "story with decisions": ["story", MODEL, "-v"],
    "report": ["report", *BOTH, "-o", "报告.html"],
    "card": ["card", MODEL, "-o", "卡片.md"],
    "watch": ["watch", *BOTH],
    "fill": ["fill", "二手房.csv", "-o", "填补.csv"],
    "sample": ["sample", "二手房.csv", "-n", "20", "-o", "样本.csv"],
    "stream": ["stream", "二手房.csv", "--target", "总价", "--time", "挂牌日期"],
    "compare": ["compare", "二手房.csv", "--target", "总价", "--models", "linear"],
}

TO_MEND: dict[str, str] = {}
"""Commands whose texts still hold English, and where it comes from."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with the table and a model of it."""
    folder = tmp_path_factory.mktemp("walk")
    write_flats(folder / "二手房.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with warnings.catch_warnings(action="ignore"):
            assert main(["--lang", "zh", *FIT, "-o", MODEL]) == 0
        yield folder


def latin(text: str) -> list[str]:
    """Return the Latin words of a text that are no terms, options, recipes, commands or files."""
    text = re.sub(
        r"`[^`]*`|--?[a-z][\w-]*( '?[a-z]+\b'?)?|\S*\.\w+\b|^ *madaline .*$", " ", text, flags=re.M
    )
    return [word for word in re.findall(r"[A-Za-z]{2,}", text) if word not in TERMS]


def ascii_marks(text: str) -> list[str]:
    """Return where an English mark stands behind a Chinese character, or ends a line."""
    return re.findall(r"[\u4e00-\u9fff”）][,;:](?=\s|$)|[\u4e00-\u9fff”）]\.(?=\s|$)", text)


def walk(name: str) -> object:
    """Return the parameters of a test, marked where a text is still to be mended."""
    marks = [pytest.mark.xfail(reason=TO_MEND[name], strict=True)] if name in TO_MEND else []
    return pytest.param(name, marks=[*marks, pytest.mark.slow])


@pytest.mark.parametrize("name", [walk(name) for name in COMMANDS])
def test_a_command_speaks_chinese(
    folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings(action="default"):
        assert main(["--lang", "zh", *COMMANDS[name]]) == 0
    shown = "".join(capsys.readouterr())
    assert latin(shown) == [], shown
    assert ascii_marks(shown) == [], shown


def read(page: str) -> str:
    """Return the text of a page, or of Markdown, without what is for programs."""
    page = re.sub(r"(?s)\A---.*?---\n|```.*?```", "", page)
    page = re.sub(r"(?s)<(script|style|code|pre|nav)\b.*?</\1>", " ", page)
    page = re.sub(
        r"</?(p|div|li|h\d|t[rdh]|d[td]|section|option|label|text|title|desc)\b", "\n<", page
    )
    return html.unescape(re.sub(r"<[^>]*>|\b[0-9a-f]{12}\b", "", page))


def pages_of_servers(name: str) -> Iterator[str]:
    """Yield pages that a server shows, one of them with an answer."""
    if name == "playground":
        from tests.playground.conftest import playing

        with playing() as client:
            for path in ("/", "/race", "/stream"):
                yield client.get(f"{path}?lang=zh").body.decode()
        return
    from tests.serve.conftest import serving

    with serving({"1": Path(MODEL)}, allow_hosts=()) as client:
        yield client.get("/").body.decode()
        row = {"面积": "65.8㎡", "城市": "北京", "区域": "朝阳", "楼层": "3层"}
        yield client.post("/", urlencode(row).encode()).body.decode()


PAGES = {
    "report": ["report", *BOTH, "-o", "报告.html"],
    "look": ["look", "二手房.csv", "--target", "总价", "-o", "看.html"],
    "card": ["card", MODEL, "-o", "卡片.md"],
    "serve": [],
    "playground": [],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_a_page_speaks_chinese(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADALINE_LANG", "zh")
    with warnings.catch_warnings(action="ignore"):
        if command := PAGES[name]:
            assert main(["--lang", "zh", *command]) == 0
        pages = [Path(command[-1]).read_text("utf-8")] if command else pages_of_servers(name)
        for shown in map(read, pages):
            wrong = [line for line in shown.splitlines() if latin(line) or ascii_marks(line)]
            assert wrong == []
            assert name == "playground" or not re.search(
                r"(?<!\w)\d{6,9}(?!\w)|,\d{3},\d{3}", shown
            )


@pytest.mark.slow
def test_predictions_are_shown_in_the_unit_of_the_table(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings(action="default"):
        for limit in ("800万", "￥800万", "8000000"):
            what = ["counterfactual", *BOTH, "--row", "3", "--at-least", limit]
            assert main(["--lang", "zh", *what]) == 0
            assert re.search(r"预测为￥\d+\.?\d*万", capsys.readouterr().out)
        assert main(["--lang", "zh", *what[:-1], "800"]) == 0
        assert "（￥0.08万或以上）" in capsys.readouterr().out
        assert main(["--lang", "zh", *what[:-1], "高"]) == 2
        assert "￥30万" in capsys.readouterr().err
        assert main(["--lang", "zh", *COMMANDS["effect"]]) == 0
        shown = capsys.readouterr().out
        assert re.search(r"从 \d+\.\d㎡ 到 \d+\.\d㎡ 时，.*上升￥\d+万。\n +\d+\.\d㎡ +￥", shown)
        what = [*what[:-2], "--at-least", "3000000", "--only", "面积"]
        assert main(["--lang", "zh", *what]) == 0
        assert re.search(r"为 [\d.]+㎡ 而不是 [\d.]+㎡", capsys.readouterr().out)


@pytest.mark.slow
def test_errors_are_shown_in_the_unit_of_the_table(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["info", MODEL], ["story", MODEL, "--full"]):
        assert main(["--lang", "zh", *command]) == 0
        shown = capsys.readouterr().out
        assert re.search(r"￥\d+\.\d万 ± ￥\d+\.\d万", shown)
        assert "info" not in command or re.search(r"从 [\d.]+㎡ 到 [\d.]+㎡", shown)
    with warnings.catch_warnings(action="ignore"):
        assert main(["--lang", "zh", *COMMANDS["compare"]]) == 0
    assert re.search(r"￥[\d.]+万 +\+￥\d+万 ± ￥\d+万", capsys.readouterr().out)


@pytest.mark.slow
def test_what_columns_add_is_shown_in_the_unit_of_the_table(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--lang", "zh", "explain", *BOTH, "--rows", "1"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"总价 ￥\d+万", shown)
    assert re.search(r"面积 = \d+\.?\d*㎡ +[-+]￥\d+", shown)
    assert not re.search(r"\d{5}|\d,\d{3}|￥0万", shown)


@pytest.mark.slow
def test_ranges_are_shown_in_the_units_of_the_table(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["look", "二手房.csv", "--encoding", "gbk"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"[\d.]+㎡ to [\d.]+㎡", shown)
    assert re.search(r"￥[\d.]+万 to ￥[\d.]+万", shown)
    assert main(["look", "二手房.csv", "--encoding", "gbk", "--target", "总价"]) == 0
    assert re.search(r"quartiles (￥[\d.]+万(, )?){3}\.", " ".join(capsys.readouterr().out.split()))
    assert main(["look", "二手房.csv", "--encoding", "gbk", "--json"]) == 0
    assert "written" not in capsys.readouterr().out
    text = Path("二手房.csv").read_text("gbk")
    Path("大.csv").write_text(re.sub(r"(\d+\.\d)㎡", r"9\1㎡", text), "utf-8")
    for command, told in (
        ("doctor", r"达到 [\d.]+㎡ 的取值"),
        ("watch", r"中位数之前为 [\d,.]+㎡，"),
    ):
        assert main(["--lang", "zh", command, MODEL, "大.csv"]) == 0
        shown = capsys.readouterr().out
        assert re.search(told, "".join(shown.split("\n    "))), shown
        assert latin(shown) + ascii_marks(shown) == []
