"""From a Chinese table to its report without an English word, but for names and options."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from madaline._apps.cli import main
from madaline._base.language.choice import speaking
from madaline._base.words import format_list, recipe_name
from madaline.records._letters import RecipeLetters
from madaline.records.history import Record

NAMES = {
    *("madaline", "TABLE", "predict", "story", "doctor", "kB", "MB", "ROC", "AUC", "CSV", "HTML"),
    *("NumPy", "numba", "shap", "Shapley", "Brier", "COLUMN", "log", "effort"),
}
"""Names that Chinese texts have in Latin letters."""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("中文") / "房价.csv"
    lines = ["城市,面积,楼层,成交"]
    for _ in range(150):
        city, area, floor = (
            rng.choice(["北京", "成都", "西安"]),
            rng.normal(90, 25),
            rng.integers(30),
        )
        sold = (city == "北京") - (area - 90) / 25 + rng.normal(0, 0.5) > 0
        lines.append(f"{city},{area:.1f},{floor},{'是' if sold else '否'}")
    path.write_text("\n".join(lines), "utf-8")
    return path


def english(text: str) -> list[str]:
    """Return the English words of a text that are no names, options or files."""
    text = re.sub(r"`[^`]*`|--?[\w-]+|\S*\.\w+\b|^ *madaline .*$", " ", text, flags=re.MULTILINE)
    words = re.findall(r"[A-Za-z]{2,}", text)
    return [word for word in words if word not in NAMES]


def test_the_first_commands_speak_chinese(
    table: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(table.parent)
    fit = ["fit", "房价.csv", "--target", "成交", "--effort", "10", "--members", "networks"]
    for words in (
        [*fit, "-o", "房价.madaline"],
        ["predict", "房价.madaline", "房价.csv", "-o", "预测.csv"],
        ["story", "房价.madaline"],
        ["doctor", "房价.madaline"],
    ):
        assert main(["--lang", "zh", *words]) == 0
        out, err = capsys.readouterr()
        assert english(out + err) == [], out + err


@pytest.mark.parametrize(
    "words",
    [
        ["fit", "没有.csv", "--target", "成交"],
        ["fit", "房价.csv"],
        ["fit", "房价.csv", "--target", "价格"],
        ["fit", "房价.csv", "--target", "成交", "--folds", "一"],
    ],
)
def test_errors_of_the_first_minutes_are_chinese(
    words: list[str],
    table: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(table.parent)
    assert main([*words, "--lang", "zh"]) == 2
    assert english(capsys.readouterr().err) == []


def test_json_and_predictions_stay_english(
    table: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(table.parent)
    capsys.readouterr()
    assert main(["look", "房价.csv", "--json"]) == 0
    plain = capsys.readouterr().out
    assert main(["look", "房价.csv", "--json", "--lang", "zh"]) == 0
    assert capsys.readouterr().out == plain


def test_headings_of_help_have_wide_colons(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "--lang", "zh", "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("用法：madaline fit")
    assert {"位置参数：", "选项：", "目标："} <= {*lines}
    assert [line for line in lines if line.endswith(":")] == []
    assert main(["--lang", "zh", "--help"]) == 0
    assert english(capsys.readouterr().out.partition("示例：")[2]) == []


def test_settings_of_recipes_are_told_as_chinese_has_them() -> None:
    name = "16 bins · weight decay 1 · 3×64"
    records = [Record(1, name, 0.5, 0.5, 0.03, 1, 1e6, "1")]
    with speaking("zh"):
        assert recipe_name(f"{name} · epoch 7") == "16 个分箱 · 权重衰减 1 · 3×64 · 第 7 轮"
        shown = RecipeLetters.of(records).shown(f"{name} · epoch 7")
        assert shown == "A（第 7 轮）"
        assert format_list(["A", shown, "B"], last=" and ") == "A、A（第 7 轮）和 B"
