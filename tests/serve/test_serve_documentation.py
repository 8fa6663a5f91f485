"""The examples of docs/serving.md are answered as it shows, but for numbers."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

from tests.serve.conftest import serving

CONSOLE = re.compile(r"```console\n(.*?)```", flags=re.DOTALL)


def test_curl_is_answered_as_shown(project, penguins, tmp_path) -> None:
    from madaline._apps.cli import main

    path = tmp_path / "penguins.madaline"
    words = ["fit", penguins, "--target", "species", "-o", path, "-q", "--effort", "3"]
    assert main([*map(str, words)]) == 0
    page = (project / "docs" / "serving.md").read_text()
    examples = [one for block in CONSOLE.findall(page) for one in block.split("$ ") if one]
    curls = [one for one in examples if one.startswith("curl ")]
    assert len(curls) == 6
    with serving({"penguins": path}) as client:
        for example in curls:
            address, body, shown = taken_apart(example)
            answer = client.post(address.removeprefix("localhost:8000"), body.encode())
            assert outline(json.loads(answer.body)) == outline(shown)


def taken_apart(example: str) -> tuple[str, str, Any]:
    """Return the address, the body and the answer of an example."""
    end = example.index("}'\n") + 3
    curl, address, flag, body = shlex.split(example[:end])
    assert (curl, flag) == ("curl", "-d")
    text = re.sub(r"\n +", " ", example[end:].strip())
    return address, body, json.loads(text)


def outline(value: Any, name: str = "") -> Any:
    """Return a value without what differs from fit to fit; what a fit orders, in one order."""
    if isinstance(value, dict):
        items = sorted(value.items()) if name == "attributions" else value.items()
        return [(key, outline(one, key)) for key, one in items]
    if isinstance(value, list):
        return [outline(one, name) for one in value]
    if isinstance(value, float):
        return 0.0
    if name == "text":
        return re.sub(r"\d.*", "", value, flags=re.DOTALL)
    return "" if name in ("version", "model_version") else value
