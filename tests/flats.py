"""A table of flats for sale as one is exported in China: GBK, 万, words for missing values."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

_PLACES = {  # yuan a square meter, in 万
    ("北京", "朝阳"): 6.4, ("北京", "海淀"): 8.6, ("上海", "浦东"): 6.8, ("上海", "徐汇"): 9.1,
    ("杭州", "西湖"): 4.2, ("成都", "高新"): 2.1, ("成都", "武侯"): 1.7,
}  # fmt: skip
_DECORATION = {"精装": 1.08, "简装": 1.0, "毛坯": 0.93}
_REMARKS = (
    "近地铁，采光好", "满五唯一，税费少", "学区房，业主急售", "南北通透，带车位", "顶楼，送露台",
    "老小区，配套齐全", "临街，略有噪音", "房东自住，保养好", "可随时看房", "带租约出售",
)  # fmt: skip
HEADER = (
    "城市", "区域", "面积", "装修", "楼层", "挂牌日期", "是否有电梯", "备注", "总价",
)  # fmt: skip


def flats(n_rows: int = 300, seed: int = 0) -> list[tuple[str, ...]]:
    """Return the rows of the table."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n_rows):
        place = list(_PLACES)[rng.integers(len(_PLACES))]
        area, floor = rng.gamma(9.0, 9.5) + 22, int(rng.integers(1, 33))
        decoration = list(_DECORATION)[rng.integers(3)]
        has_lift = floor > 7 or rng.random() < 0.4
        remark = (
            _REMARKS[rng.integers(len(_REMARKS))] + "，" + _REMARKS[rng.integers(len(_REMARKS))]
        )
        day = np.datetime64("2023-06-01") + rng.integers(0, 500)
        price = area * _PLACES[place] * _DECORATION[decoration] * (1.03 if has_lift else 0.97)
        price *= rng.lognormal(0, 0.08) * (1 + 0.04 * ("学区" in remark))
        year, month, of_month = str(day).split("-")
        shown_area = "未知" if rng.random() < 0.04 else f"{area:.1f}㎡"
        shown_decoration = rng.choice(["缺失", "未知"]) if rng.random() < 0.08 else decoration
        rows.append(
            (
                *place,
                shown_area,
                shown_decoration,
                "未知" if rng.random() < 0.03 else f"{floor}层",
                f"{year}年{int(month)}月{int(of_month)}日",
                "有" if has_lift else "无",
                remark,
                f"￥{price:.1f}万",
            )
        )
    return rows


def write_flats(path: Path, n_rows: int = 300, seed: int = 0, encoding: str = "gbk") -> Path:
    """Write the table, and return where it is."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([HEADER, *flats(n_rows, seed)])
    return path
