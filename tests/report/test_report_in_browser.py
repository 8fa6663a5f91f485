"""Chromium, where it is installed, shows the page without a word in its console.

The page's content security policy forbids every request, and a browser complains in its console of
each that it does not make; so a silent console means that there was none.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from madaline._tell.report.data import Report
from madaline._tell.report.page import render_page

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FRAME = """<body><iframe src="report.html" width="WIDTH" height="800" frameborder="0"></iframe>
<script>
  const frame = document.querySelector("iframe")
  window.onload = () => {
    const root = frame.contentDocument.documentElement
    document.body.append(`needs ${root.scrollWidth} x ${root.scrollHeight}`)
  }
</script>"""

pytestmark = pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed")


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_the_console_stays_silent(models, rows, tmp_path, task: str) -> None:
    shown, complaints = browse(render_page(Report.of(models[task], *rows[task])), tmp_path)
    assert "How to reproduce it" in shown
    assert complaints == []


@pytest.mark.parametrize(("width", "most"), [(400, 9000), (1400, 6000)])
def test_it_fits_phones_and_desktops(models, rows, tmp_path, width: int, most: int) -> None:
    for task in ("binary", "multiclass", "regression"):
        (tmp_path / "report.html").write_text(render_page(Report.of(models[task], *rows[task])))
        frame = FRAME.replace("WIDTH", str(width))
        shown, _ = browse(frame, tmp_path, "--allow-file-access-from-files", "--hide-scrollbars")
        needed, height = map(int, re.findall(r"needs (\d+) x (\d+)", shown)[0])
        assert needed <= width
        assert 1000 < height < most


def test_whatever_the_page_asked_for_would_be_heard_of(models, tmp_path) -> None:
    page = render_page(Report.of(models["binary"]))
    added = '<img src="http://127.0.0.1:9/picture"><p style="color: red">x</p><script>1</script>'
    _, complaints = browse(page.replace("</main>", f"{added}</main>"), tmp_path)
    assert len(complaints) == 3


def browse(page: str, folder: Path, *options: str) -> tuple[str, list[str]]:
    """Return the page as the browser understood it, and what its console says."""
    path = folder / "page.html"
    path.write_text(page)
    done = subprocess.run(
        [
            str(BROWSER),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={folder / 'profile'}",
            "--enable-logging=stderr",
            *options,
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, [line for line in done.stderr.splitlines() if ":CONSOLE:" in line]
