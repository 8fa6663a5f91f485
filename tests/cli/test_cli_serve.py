"""`madaline serve`: how it starts, how it ends, and what it refuses."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys

import pytest

from madaline._tables.io.atomic import alone

pytest.importorskip("uvicorn", reason="the extra serve is not installed")


def test_it_ends_once_a_request_that_has_begun_is_answered(start, model) -> None:
    process = start("serve", f"fruit={model}", "--port", "0", "--timeout", "60")
    line = process.stderr.readline().decode()
    assert line.startswith("Serving fruit at http://127.0.0.1:")
    port = int(re.search(r":(\d+) ", line)[1])
    row = {"weight": 160, "color": "red", "organic": None}
    body = json.dumps({"rows": [row] * 100, "explain": True}).encode()
    head = f"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(f"{head}expect: 100-continue\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100")  # the server waits for the body
        process.send_signal(signal.SIGTERM)
        connection.sendall(body)
        with connection.makefile("rb") as answer:
            text = answer.read()  # to the end: the server closes the connection
    assert text.startswith(b"HTTP/1.1 200")
    assert len(json.loads(text.partition(b"\r\n\r\n")[2])["predictions"]) == 100
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, b"")
    assert err == b"Ended: all requests that were read were answered.\n"


def test_what_is_not_answered_in_time_is_told(start, model, tmp_path) -> None:
    process = start("serve", model, "--port", "0", "--shutdown-timeout", "2", "--watch", tmp_path)
    port = int(re.search(rb":(\d+) ", process.stderr.readline())[1])
    head = b"POST /predict HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(head + b"content-length: 9\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        process.send_signal(signal.SIGTERM)  # the body never comes
        _, err = process.communicate(timeout=60)
        assert b"The server ended before this was answered" in connection.recv(1000)
    assert b"Ended: 1 request got no answer" in err
    assert b"Traceback" not in err
    assert process.returncode == 0
    assert [path.suffix for path in tmp_path.iterdir()] == [".watch"]


def test_a_second_interrupt_ends_at_once_and_saves_the_state(start, model, tmp_path) -> None:
    process = start("serve", model, "--port", "0", "--timeout", "60", "--watch", tmp_path)
    port = int(re.search(rb":(\d+) ", process.stderr.readline())[1])
    head = b"POST /predict HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(head + b"content-length: 9\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):  # it waits for the request
            process.wait(timeout=1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert b"Ended: 1 request got no answer" in err
    assert b"Traceback" not in err
    assert [path.suffix for path in tmp_path.iterdir()] == [".watch"]


def test_listening_to_all_without_a_token_is_warned_of(start, model) -> None:
    process = start("serve", model, "--port", "0", "--host", "0.0.0.0")
    assert b"Warning: whoever can reach 0.0.0.0 can ask" in process.stderr.readline()
    assert process.stderr.readline().startswith(b"Serving")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)


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
    assert "no folder" in run("serve", model, "--watch", "nowhere").sentence
    with alone(tmp_path / "fruit.watch"):
        in_use = run("serve", model, "--port", "0", "--watch", tmp_path).sentence
        assert "fruit.watch is in use by another madaline command" in in_use
    (tmp_path / "token").write_text("\n")
    assert "is empty" in run("serve", model, "--token-file", tmp_path / "token").sentence
    (tmp_path / "token").write_bytes(b"\xff\xfe")
    assert "beyond ASCII" in run("serve", model, "--token-file", tmp_path / "token").sentence
    monkeypatch.setenv("MADALINE_TOKEN", "")
    assert "The token in $MADALINE_TOKEN is empty" in run("serve", model).sentence
    monkeypatch.delenv("MADALINE_TOKEN")
    assert "cannot be the name" in run("serve", model, "--allow-host", "http://a.com").sentence
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert "pip install jinja2 prometheus-client starlette uvicorn" in run("serve", model).sentence
