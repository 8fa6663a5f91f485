"""The page: a form from the schema, the answer to it, and nothing that a browser complains of."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from tests.report.test_report_in_browser import BROWSER, FRAME, browse
from tests.serve.conftest import serving

from madaline._apps.serve.page import _typical

needs_browser = pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed")


def form_of(record) -> bytes:
    """Return a row as browsers send a form."""
    return urlencode({k: "" if v is None else str(v) for k, v in record.items()}).encode()


def test_the_form_has_a_field_for_each_column(client, models) -> None:
    page = client.get("/models/binary").body.decode()
    for name in models["binary"].predictor.encoder.columns:
        assert page.count(f'name="{name}"') == 1
        assert f">{name}</label>" in page
    assert "<option>Kiel</option>" in page
    median = models["binary"].schema["count"].quartiles[2]
    assert f'placeholder="{median:.0f}"' in page
    assert '<option value="">(missing)</option>' in page
    typical = client.get("/models/binary?typical").body.decode()
    assert f'value="{median:.0f}"' in typical
    assert "selected>Kiel" in typical or "selected>" in typical


def test_the_form_is_answered_as_the_same_row_is(client, records) -> None:
    for task in ("binary", "regression"):
        reply = client.post(f"/models/{task}", form_of(records[1]))
        page = reply.body.decode()
        answer = client.post(f"/models/{task}/predict", records[1]).json["predictions"][0]
        assert reply.status == 200
        shown = re.search(r'<p class="prediction">.*<b>(.*)</b>', page)
        assert shown is not None
        if task == "binary":
            assert shown[1] == answer["prediction"]
            assert page.count('class="fill more"') >= 2
            assert "Cannot be ruled out at 90%" in page
        else:
            assert float(shown[1].replace(",", "")) == pytest.approx(answer["prediction"], rel=1e-3)
            assert "90% of new rows" in page
        assert "What each value adds" in page
        assert f'value="{records[1]["count"]}"' in page


def test_what_is_wrong_with_a_form_is_told_on_the_page(client, records) -> None:
    reply = client.post("/models/binary", form_of(records[0] | {"length": "<b>long</b>"}))
    page = reply.body.decode()
    assert reply.status == 400
    assert "must hold a number" in page
    assert "<b>long" not in page
    reply = client.post("/models/binary", form_of(records[0] | {"city": "<i>Atlantis"}))
    assert "that the model does not know: city" in reply.body.decode()
    assert "<i>" not in reply.body.decode()
    assert client.post("/models/binary", b"\xff").status == 400
    assert client.post("/models/binary", b"a=1&" * 1000).status == 400
    assert client.post("/models/binary", b"").status == 200  # nothing is known of the row


def test_pages_link_to_report_and_story(client, only, files, tmp_path) -> None:
    index = client.get("/").body.decode()
    for task in files:
        assert f'href="/models/{task}"' in index
        assert f'href="/models/{task}/report"' in client.get(f"/models/{task}").body.decode()
    assert "How it was found" in client.get("/models/binary/report").body.decode()
    assert only.get("/story").body.decode().startswith("What was tried")
    assert 'href="/report"' in only.get("/").body.decode()
    (tmp_path / "own.html").write_text("<p>own report</p>")
    with serving({"m": files["binary"]}, report=tmp_path / "own.html") as client:
        assert client.get("/report").body == b"<p>own report</p>"


def test_pages_forbid_what_they_do_not_need(only) -> None:
    reply = only.get("/")
    assert reply.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert reply.headers["x-content-type-options"] == "nosniff"
    page = reply.body.decode()
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!/|#|data:)', page)


@needs_browser
@pytest.mark.parametrize("width", [400, 1400])
def test_pages_fit_and_the_console_stays_silent(only, records, tmp_path, width) -> None:
    page = only.post("/", form_of(records[0])).body.decode()
    (tmp_path / "report.html").write_text(page)
    frame = FRAME.replace("WIDTH", str(width))
    shown, complaints = browse(frame, tmp_path, "--allow-file-access-from-files")
    needed, height = map(int, re.findall(r"needs (\d+) x (\d+)", shown)[0])
    assert needed <= width
    assert 600 < height < 3000
    assert complaints == []


def test_typical_numbers_are_short(models) -> None:
    columns = {column.name: column for column in models["binary"].schema.columns}
    median = columns["width"].quartiles[2]
    shown = _typical(columns["width"])
    assert len(shown.strip("-0.").replace(".", "")) <= 4
    assert float(shown) == pytest.approx(median, rel=1e-3)
    assert (
        _typical(replace(columns["width"], quartiles=(0.0, 1.0, 1234567.0, 2e6, 3e6))) == "1234567"
    )
