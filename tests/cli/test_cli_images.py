"""A folder of images on the command line: fitted, predicted, and refused in a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from madaline import AdaptiveClassifier
from madaline._tables.io.media_tables import read_folder
from madaline._tables.media.files import MAX_SIDE, kept_side, open_image
from madaline.errors import InputError

Image = pytest.importorskip("PIL.Image", reason="Pillow reads image files")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Upright and level bars, 40 of each, and a text beside them."""
    folder = tmp_path_factory.mktemp("bars") / "pictures"
    rng = np.random.default_rng(0)
    for label in ("level", "upright"):
        (folder / label).mkdir(parents=True)
        for number in range(40):
            pixels = rng.integers(0, 60, (9, 9), np.uint8)
            pixels[rng.integers(1, 8)] = 220
            pixels = pixels.T if label == "upright" else pixels
            Image.fromarray(pixels).save(folder / label / f"{number:02}.png")
    (folder / "level" / "readme.txt").write_text("no image")
    return folder


@pytest.fixture(scope="module")
def bars(pictures):
    from madaline._apps.cli import main

    path = pictures.parent / "bars.madaline"
    assert main(["fit", str(pictures), "-o", str(path), "--effort", "6", "--quiet"]) == 0
    return path


def test_a_folder_of_images_is_fitted_and_predicted(run, pictures, bars):
    told = run("info", bars).out
    assert "image   image           0        80  9 x 9 pixels, gray" in told
    outcome = run("predict", bars, pictures, "--json")
    result = json.loads(outcome.out)
    assert result["columns"]["file"][0] == str(Path("level") / "00.png")
    right = np.mean(np.array(result["columns"]["label"]) == ["level"] * 40 + ["upright"] * 40)
    assert right > 0.9
    assert result["target"] == "label"


def test_images_are_explained_by_the_names_of_their_files(run, pictures, bars):
    told = run("explain", bars, pictures, "--rows", "2", "--background", pictures).out
    assert f"{Path('level') / '00.png'}: label is level, log-odds" in told
    assert "-o why.html" in told
    facts = json.loads(run("explain", bars, pictures, "--rows", "1", "--json").out)
    assert facts["columns"]["file"] == [str(Path("level") / "00.png")]
    assert np.shape(facts["maps"]["image"]) == (1, 9, 9)


def test_an_explanation_is_written_as_a_page_or_a_table(run, place, pictures, bars):
    pytest.importorskip("jinja2", reason="jinja2 makes the page")
    run("explain", bars, pictures, "--rows", "2", "-o", "why.html")
    page = Path("why.html").read_text(encoding="utf-8")
    assert page.count('<img src="data:image/png;base64,') == 4  # each image and its map
    assert str(Path("level") / "01.png") in page
    run("explain", bars, pictures, "--rows", "2", "-o", "why.csv")
    assert Path("why.csv").read_text(encoding="utf-8").startswith("file,target_class,output")


def test_what_asks_for_rows_takes_a_folder_or_says_why_not(run, pictures, bars):
    pytest.importorskip("jinja2", reason="jinja2 makes the report")
    assert "The rows of" in run("doctor", bars, pictures).out
    report = json.loads(run("report", bars, pictures, "--json").out)
    assert report["rows"]["n_rows"] == 80
    for command in (["effects"], ["counterfactual", "--row", "0"]):
        name, *options = command
        outcome = run(name, bars, pictures, *options)
        assert outcome.code == 2
        assert "holds images, which have no values to vary" in outcome.err


def test_images_without_a_class_are_brought_to_the_model_s_size(run, place, bars):
    (place / "new").mkdir()
    Image.new("RGB", (30, 20), "red").save(place / "new" / "one.jpg")
    outcome = run("predict", bars, "new")
    assert "1 of 1 images were resized to 9 x 9 pixels, gray." in outcome.err
    assert outcome.out.splitlines()[0] == "file,label"
    assert outcome.out.splitlines()[1].startswith("one.jpg,")


def test_what_cannot_be_used_is_one_sentence(run, place, bars, model):
    (place / "empty").mkdir()
    assert "holds no images and no sounds: put files" in (sentence := run("fit", "empty").sentence)
    assert "; or tables (.parquet, .csv, .jsonl)." in sentence
    assert "There is no file nowhere" in run("fit", "nowhere").sentence
    (place / "flat").mkdir()
    Image.new("L", (4, 4)).save(place / "flat" / "one.png")
    assert "not in folders of their own" in run("fit", "flat").sentence
    assert "the model needs a table" in run("predict", model, "flat").sentence
    (place / "flat" / "two.png").write_bytes(b"\x89PNG broken")
    assert "two.png cannot be read as an image" in run("predict", bars, "flat").sentence


def test_broken_files_are_named_or_left_out(place, pictures):
    (place / "a").mkdir()
    Image.new("L", (4, 4)).save(place / "a" / "good.png")
    (place / "a" / "bad.png").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"bad\.png cannot be read as an image \(.*--skip-broken"):
        read_folder(place)
    found = read_folder(place, skip_broken=True)
    assert found.names == (str(Path("a") / "bad.png"), str(Path("a") / "good.png"))
    assert found.kept.tolist() == [False, True]
    assert found.notes == (f"Files that cannot be read were left out: {Path('a') / 'bad.png'}.",)
    (place / "a" / "good.png").unlink()
    with pytest.raises(InputError, match=r"bad\.png cannot be read"):
        read_folder(place, skip_broken=True)


def test_images_of_several_sizes_and_channels_become_alike(place):
    (place / ".hidden").mkdir()
    Image.new("L", (5, 5)).save(place / ".hidden" / "x.png")
    for number, (mode, size) in enumerate([("L", (200, 100)), ("RGB", (200, 100)), ("1", (8, 8))]):
        Image.new(mode, size).save(place / f"{number}.png")
    Image.new("RGBA", (200, 100), (0, 0, 0, 0)).save(place / "clear.png")
    found = read_folder(place)
    assert found.table["image"].shape == (4, MAX_SIDE // 2, MAX_SIDE, 3)
    assert found.table["image"][3].min() == 255  # what is clear is white
    assert found.notes == ("4 of 4 images were resized to 32 x 64 pixels, color.",)
    assert "label" not in found.table


def test_photos_are_opened_no_larger_than_needed(place):
    rng = np.random.default_rng(0)
    grays = rng.integers(0, 255, (40, 60), np.uint8)
    photo = Image.fromarray(grays).resize((1200, 800))
    for name in ("photo.png", "photo.jpg"):
        photo.save(place / name, **({"quality": 98} if name.endswith("jpg") else {}))
        opened = open_image(place / name, largest=kept_side(None))
        assert opened.size == (4 * MAX_SIDE, 171)
    assert kept_side((100, 300, 3)) == 1200  # a model that learned from larger ones
    found = read_folder(place).table["image"][..., 0].astype(float)
    assert found.shape == (2, 43, 64)
    wanted = np.asarray(photo.resize((64, 43)), float)
    assert np.abs(found - wanted).mean() < 6


def test_larger_numbers_and_fractions_become_bytes(place):
    grays = np.linspace(0, 255, 64).round().reshape(8, 8)
    kinds = {
        "bytes.png": grays.astype(np.uint8),
        "words.png": (grays * 257).astype(np.uint16),
        "whole.tif": (grays * 257).astype(np.int32),
        "fractions.tif": (grays / 255).astype(np.float32),
    }
    for name, pixels in kinds.items():
        Image.fromarray(pixels).save(place / name)
    found = read_folder(place).table["image"][..., 0].astype(int)
    assert found.shape == (4, 8, 8)
    assert np.abs(found - found[0]).max() <= 1


def test_a_table_may_name_images_beside_other_columns(run, place, pictures):
    rng = np.random.default_rng(0)
    root = ("--root", place.parent)  # the images are beside the folder of the table
    lines = ["face,size,answer"]
    for label in ("level", "upright"):
        for number in range(40):
            size = rng.normal()
            answer = "yes" if (label == "level") == (size > 0) else "no"
            lines.append(f"{pictures / label / f'{number:02}.png'},{size:.3f},{answer}")
    (place / "cards.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    told = run(
        "fit",
        "cards.csv",
        "--target",
        "answer",
        "--effort",
        "2",
        "-o",
        "cards.madaline",
        "-v",
        *root,
    )
    said = " ".join((told.err + told.out).split())
    assert "Columns: 1 number, 1 column of images." in said
    assert "Convolutions: the units of each" in said
    assert "1 column of images: face" in said
    assert run("predict", "cards.madaline", "cards.csv", *root).out.count("\n") == 81
    assert "face = 9 x 9 pixels, gray" in run("explain", "cards.madaline", "cards.csv", *root).out
    (place / "gone.csv").write_text("face,size\nnowhere.png,1\n", encoding="utf-8")
    gone = run("predict", "cards.madaline", "gone.csv", *root)
    assert gone.code == 2
    assert "Column face: nowhere.png cannot be read as an image" in gone.err
    (place / "more.csv").write_text(
        "\n".join([*lines, "nowhere.png,1,yes"]) + "\n", encoding="utf-8"
    )
    options = (
        "fit",
        "more.csv",
        "--target",
        "answer",
        "--effort",
        "1",
        "-o",
        "more.madaline",
        *root,
    )
    assert run(*options).code == 2
    skipped = run(*options, "--skip-broken")
    said = " ".join((skipped.err + skipped.out).split())
    assert "1 row has no image that can be read and got a uniform one instead" in said


def test_a_folder_is_brought_to_the_fractions_that_a_model_learned_from(run, place, pictures):
    folder = read_folder(pictures)
    images, labels = folder.table["image"], folder.table["label"]
    models = {}
    for name, pixels in {"bytes": images, "fractions": images / np.float32(255)}.items():
        model = AdaptiveClassifier(effort=2, random_state=0).fit(pixels, labels)
        model.save(place / f"{name}.madaline")
        models[name] = model.predict_proba(pixels)
    told = run("predict", place / "fractions.madaline", pictures, "--proba", "--json")
    assert "Pixels of files are divided by 255" in " ".join(told.err.split())
    found = json.loads(told.out)["columns"]["probability_level"]
    np.testing.assert_array_equal(np.float32(found), np.float32(models["fractions"][:, 0]))
    assert "divided" not in run("predict", place / "bytes.madaline", pictures).err
