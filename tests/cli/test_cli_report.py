"""Numbers as people read them."""

from __future__ import annotations

import pytest

from madaline._apps.cli.console import finite
from madaline._apps.cli.sections import score_lines
from madaline._race.evaluation.score import Score


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ((24290.3, 1572.4, 79873.1), ["24,300 ± 1,600", "79,900"]),
        ((0.99712, 0.00291, 0.4419), ["0.9971 ± 0.0029", "0.4419"]),
        ((1.0, 0.0, 0.4419), ["1 ± 0", "0.4419"]),
        ((1e20, 1e18, 2e20), ["1e+20 ± 1e+18", "2e+20"]),
    ],
)
def test_a_score_has_as_many_digits_as_its_error_allows(numbers, shown) -> None:
    _, line = score_lines([Score("accuracy", *numbers, True)])
    assert line.split("  ")[-1].strip() == shown[1]
    assert shown[0] in line


def test_json_has_no_infinities() -> None:
    value = {"a": [float("inf"), 1.5], "b": (float("nan"), "text"), "c": True}
    assert finite(value) == {"a": [None, 1.5], "b": [None, "text"], "c": True}
