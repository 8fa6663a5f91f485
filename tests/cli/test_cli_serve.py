"""`madaline serve`: how it starts, how it ends, and what it refuses."""

from __future__ import annotations

import json
import re
import signal
import socket
import sys
import threading
import time
import urllib.request

import pytest

pytest.importorskip("uvicorn", reason="the extra serve is not installed")


def test_it_answers_and_ends_once_all_is_answered(start, model) -> None:
    process = start("serve", f"fruit={model}", "--port", "0")
    address = re.search(rb"Serving fruit at (http://127\S+)", process.stderr.readline())[1].decode()
    row = {"weight": 160, "color": "red", "organic": None}
    rows = json.dumps({"rows": [row] * 100, "explain": True}).encode()
    answers = []

    def ask() -> None:
        with urllib.request.urlopen(f"{address}/predict", rows, timeout=60) as answer:
            answers.append(json.loads(answer.read()))

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for one in asking:
        one.start()
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    for one in asking:
        one.join()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out == b""
    assert err == b"Ended: all requests were answered.\n"
    assert [len(answer["predictions"]) for answer in answers] == [100] * 3


def test_what_cannot_be_served_is_refused(run, model, tmp_path, monkeypatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} of 127.0.0.1" in run("serve", model, "--port", port).sentence
    assert "no file nowhere" in run("serve", "nowhere.madaline").sentence
    assert "have the name" in run("serve", model, model).sentence
    assert "--report" in run("serve", model, f"b={model}", "--report", "x.html").sentence
    assert "x.html" in run("serve", model, "--report", "x.html").sentence
    assert "cannot listen" in run("serve", model, "--host", "no.such.host.invalid").sentence
    assert "cannot listen" in run("serve", model, "--port", "99999").sentence
    (tmp_path / "token").write_text("\n")
    assert "no token" in run("serve", model, "--token-file", "token").sentence
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert "pip install 'madaline[serve]'" in run("serve", model).sentence
