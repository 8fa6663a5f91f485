"""`madaline export`: the file, what is printed, and what is refused."""

from __future__ import annotations

import json
import sys

import pytest

onnxruntime = pytest.importorskip(
    "onnxruntime", reason="onnxruntime is not installed, or not for this Python"
)


def test_the_file_and_the_line(run, model, place) -> None:
    outcome = run("export", model, "-o", "fruit.onnx")
    assert outcome.code == 0
    assert outcome.out == ""
    assert outcome.err.startswith("Wrote fruit.onnx (")
    assert "3 inputs, one for each column; it returns label, probabilities." in outcome.err
    session = onnxruntime.InferenceSession(place / "fruit.onnx")
    assert {one.name for one in session.get_inputs()} == {"weight", "color", "organic"}


def test_the_default_name_and_the_facts(run, price_model, place) -> None:
    outcome = run("export", price_model, "--json")
    facts = json.loads(outcome.out)
    assert facts["output"] == "price.onnx"
    assert (place / "price.onnx").is_file()
    assert facts["outputs"] == ["prediction"]
    assert facts["metadata"]["target"] == "price"


def test_numbers_enter_as_float32_if_asked_for(run, model, place) -> None:
    assert run("export", model, "--float32", "-o", "fruit.onnx").code == 0
    inputs = onnxruntime.InferenceSession(place / "fruit.onnx").get_inputs()
    assert {one.name: one.type for one in inputs} == {
        "weight": "tensor(float)",
        "color": "tensor(string)",
        "organic": "tensor(float)",
    }


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["-o", "model.bin"],
            "model.bin does not end in .c, .js, .html or .onnx: choose another name.",
        ),
        (["a.c", "--float32"], "--without, --float32 and --json are for .onnx alone"),
        (["a.c", "--data", "a.csv"], "--data and --max-loss are for --max-bytes"),
        (
            ["a.c", "--max-bytes", "32k"],
            "--max-bytes writes a file that ends in .c, and needs rows",
        ),
        (["a.js", "--max-bytes", "32k", "--data", "a.csv"], "--max-bytes writes a file that ends"),
        (["a.c", "--max-bytes", "32k", "--data", "a.csv"], "There is no file a.csv"),
        (["a.c", "-o", "b.c"], "FILE and --output name a file each: give one of them."),
        (["-o", "nowhere/a.onnx"], "There is no folder nowhere"),
        (["--without", "weight"], "'weight' can be exported"),
        (["--without", "flavor"], "The model has no column 'flavor'"),
    ],
)
def test_what_cannot_be_exported_is_a_sentence(words, sentence, run, model, place) -> None:
    assert run("export", model, *words).sentence.startswith(sentence)
    assert list(place.iterdir()) == []


def test_a_missing_extra_is_a_sentence(run, model, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert run("export", model).sentence == (
        "The export to ONNX needs onnx: install it with `pip install onnx` (the extra onnx of"
        " madaline)."
    )


def test_c_is_written_with_its_header(run, model, place) -> None:
    outcome = run("export", model, "fruit.c")
    assert outcome.code == 0
    assert outcome.err.startswith("Wrote fruit.c (")
    assert "3 columns in, " in outcome.err
    assert {one.name for one in place.iterdir()} == {"fruit.c", "fruit.h"}
    assert "FRUIT_WEIGHT, /* weight: a number */" in (place / "fruit.h").read_text()


def test_the_program_is_printed(run, model, place) -> None:
    outcome = run("export", model, "--program")
    assert outcome.code == 0
    assert outcome.out.startswith("column 0 = 'weight', number\n")
    assert "\nprobabilities = v" in outcome.out
    assert list(place.iterdir()) == []
