"""The page for learners runs from top to bottom: every block of Python, in one session."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pandas", reason="the page reads a table with pandas")
pytest.importorskip("sklearn", reason="the page uses scikit-learn")
matplotlib = pytest.importorskip("matplotlib", reason="the page draws with matplotlib")


@pytest.mark.slow
def test_every_block_of_the_page_runs_after_the_ones_before(
    project: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    matplotlib.use("agg")
    (tmp_path / "examples").symlink_to(project / "examples")
    monkeypatch.chdir(tmp_path)
    page = (project / "docs" / "neural_network.md").read_text()
    session: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    for block in blocks:
        if ">>>" in block:
            test = doctest.DocTestParser().get_doctest(block, session, "page", None, 0)
            runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
            assert runner.run(test, clear_globs=False).failed == 0
            session.update(test.globs)
        else:
            exec(block, session)
    assert len(blocks) >= 9
    assert (tmp_path / "penguins.npz").exists()
    printed = capsys.readouterr().out
    (shown,) = re.findall(r"```text\n(NeuralNetwork with 121.*?)```", page, re.DOTALL)
    assert shown.strip() in printed
    assert np.isfinite(session["network"].loss_)
    matplotlib.pyplot.close("all")
