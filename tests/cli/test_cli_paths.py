"""Tables may come from strangers: only files of their own folder are opened, as images alone."""

from __future__ import annotations

import os
import zlib

import numpy as np
import pytest
from PIL import Image

from madaline import AdaptiveClassifier
from madaline._tables.io.media_tables import read_folder
from madaline._tables.media.files import MAX_PIXELS, open_image, read_sound
from madaline.errors import BrokenFileError, InputError


@pytest.fixture
def faces(run, place):
    """A model of a table in a folder that holds what it names, and a secret beside the folder."""
    (place / "own").mkdir()
    lines = ["face,answer"]
    for number in range(20):
        Image.new("L", (5, 5), 250 * (number % 2)).save(place / "own" / f"{number}.png")
        lines.append(f"{number}.png,{'yes' if number % 2 else 'no'}")
    (place / "own" / "faces.csv").write_text("\n".join(lines) + "\n")
    Image.new("L", (5, 5), 77).save(place / "secret.png")
    assert run("fit", "own/faces.csv", "--target", "answer", "--effort", 1, "-o", "m").code == 0
    return "m"


def test_only_files_in_the_folder_of_the_table_are_opened(run, place, faces):
    (place / "own" / "link.png").symlink_to(place / "secret.png")
    (place / "own" / "hollow.png").symlink_to(place / "nothing.png")
    table = place / "own" / "new.csv"
    sentences = set()
    for name in ("../secret.png", "../nothing.png", place / "secret.png", "link.png", "hollow.png"):
        table.write_text(f"face\n{name}\n")
        for command in (("predict",), ("explain", "-o", "why.html")):
            told = run(command[0], faces, table, *command[1:]).sentence
            sentences.add(told.replace(str(name), "NAME"))
        assert run("fit", table, "--target", "face").code == 2
    (sentence,) = sentences  # it does not tell what there is
    assert "NAME is not in the folder" in sentence
    assert "--root" in sentence
    for name in (place / "own" / "1.png", "../own/1.png"):
        table.write_text(f"face\n{name}\n")
        assert run("predict", faces, table).out == "answer\nyes\n"


def test_a_wider_folder_can_be_allowed(run, place, faces):
    table = place / "own" / "new.csv"
    table.write_text("face\n../secret.png\n1.png\n")
    assert run("predict", faces, table, "--root", place).out.count("\n") == 3
    assert run("predict", faces, table, "--skip-broken").out == "answer\n\nyes\n".replace(
        "\n\n", '\n""\n'
    )
    frame = {"face": [str(place / "secret.png"), str(place / "own" / "1.png")] * 10}
    with pytest.raises(InputError, match=r"secret\.png is not in the folder .*root="):
        AdaptiveClassifier(effort=1, root=place / "own").fit(frame, [0, 1] * 10)
    AdaptiveClassifier(effort=1, root=place).fit(frame, [0, 1] * 10)


def test_links_in_a_folder_lead_nowhere_else(place, faces):
    (place / "own" / "link.png").symlink_to(place / "secret.png")
    with pytest.raises(InputError, match=r"link\.png is not in the folder"):
        read_folder(place / "own")
    assert read_folder(place / "own", root=place).table["image"].shape == (21, 5, 5, 1)
    assert read_folder(place / "own", skip_broken=True).kept.sum() == 20


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_pipes_and_folders_are_no_files(place):
    os.mkfifo(place / "pipe.png")
    os.mkfifo(place / "pipe.wav")
    (place / "folder.png").mkdir()
    for name in ("pipe.png", "folder.png"):
        with pytest.raises(BrokenFileError, match=r"png cannot be read as an image \("):
            open_image(place / name, largest=64)
    with pytest.raises(BrokenFileError, match=r"There is no file .*pipe\.wav"):
        read_sound(place / "pipe.wav")


def test_what_an_image_holds_decides_and_not_its_name(place, monkeypatch):
    for number, (kind, settings) in enumerate(
        [("PNG", {}), ("JPEG", {}), ("GIF", {}), ("BMP", {}), ("WEBP", {}), ("TIFF", {})]
    ):
        Image.new("L", (9, 9)).save(place / f"{number}.png", kind, **settings)
        assert open_image(place / f"{number}.png", largest=64).size == (9, 9)
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
    (place / "script.png").write_bytes(postscript)
    Image.new("L", (9, 9)).save(place / "other.png", "PPM")
    monkeypatch.setattr("subprocess.Popen", None)  # Ghostscript would start here
    for name in ("script.png", "other.png"):
        with pytest.raises(BrokenFileError, match=r"\(it is no PNG, JPEG, GIF, BMP, WebP or TIFF"):
            open_image(place / name, largest=64)


def test_images_of_too_many_pixels_are_not_decoded(place):
    rows = int(np.ceil((MAX_PIXELS + 1) / 8192))
    for width, height in ((8192, rows), (10_000, 10_000), (60_000, 60_000)):
        chunks = [(b"IHDR", np.array([width, height], ">u4").tobytes() + bytes([8, 0, 0, 0, 0]))]
        chunks += [(b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
        parts = [
            len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")
            for name, body in chunks
        ]
        (place / "wide.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
        with pytest.raises(BrokenFileError, match=r"\(it has more than 67,108,864 pixels\)"):
            open_image(place / "wide.png", largest=64)
