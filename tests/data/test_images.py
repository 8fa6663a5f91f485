"""Images: how they are recognized, encoded, and warped in training."""

from __future__ import annotations

import numpy as np
import pytest

from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.io.recognition import to_table
from madaline._tables.kinds.image import ImageEncoder
from madaline._tables.media.grids import warp
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Workspace

GRAY = np.random.default_rng(0).integers(0, 256, (6, 5, 4), np.uint8)
COLOR = np.random.default_rng(1).uniform(-1, 1, (6, 5, 4, 3))


@pytest.mark.parametrize(
    ("images", "detail"),
    [
        (GRAY, "5 x 4 pixels, gray, from 0 to 248"),
        (list(GRAY), "5 x 4 pixels, gray, from 0 to 248"),
        (COLOR, "5 x 4 pixels, color, from -0.9"),
        (GRAY > 100, "5 x 4 pixels, gray, from 0 to 1"),
    ],
    ids=["gray", "list", "color", "black and white"],
)
def test_arrays_of_images_are_a_table_of_one_column(images, detail):
    table = to_table(images)
    (column,) = Schema.infer(table).columns
    assert (table.names, table.n_samples) == (("image",), 6)
    assert (column.kind, column.n_distinct, column.n_missing) == ("image", 6, 0)
    assert column.detail.startswith(detail)


def test_images_stand_beside_other_columns():
    table = Table.from_columns({"photo": COLOR, "age": np.arange(6.0) ** 2})
    schema = Schema.infer(table)
    assert (schema.kept, schema.single) == (("photo", "age"), ("age",))
    encoder = TableEncoder.fit(table, schema)
    assert encoder.n_features(0) == 61
    assert encoder.grid == ()
    alone = TableEncoder.fit(table.select(["photo"]), Schema.infer(table.select(["photo"])))
    assert alone.grid == (5, 4)
    np.testing.assert_array_equal(
        encoder.encode(table).features(0)[:, :60], alone.encode(table).features(0)
    )


def test_each_channel_has_mean_zero_and_variance_one():
    shifted = COLOR * [1, 20, 300] + [0, 5, -7]
    encoder = ImageEncoder.fit("image", shifted)
    out = np.empty((6, 60), np.float32)
    encoder.write(encoder.read(shifted), out)
    pixels = out.reshape(-1, 3)
    np.testing.assert_allclose(pixels.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(pixels.std(axis=0), 1, atol=1e-5)
    assert len(encoder.feature_names) == encoder.n_features
    back = ImageEncoder.from_state(*encoder.to_state())
    again = np.empty_like(out)
    back.write(back.read(shifted), again)
    np.testing.assert_array_equal(again, out)


def test_a_weight_of_two_is_the_image_twice():
    weighted = ImageEncoder.fit("image", GRAY[:2, ..., None], np.array([2.0, 1.0]))
    repeated = ImageEncoder.fit("image", GRAY[[0, 0, 1]][..., None])
    np.testing.assert_allclose(weighted.mean, repeated.mean)
    np.testing.assert_allclose(weighted.scale, repeated.scale)


def test_a_constant_channel_is_zero():
    images = np.full((3, 2, 2, 1), 0.1)
    out = np.empty((3, 4), np.float32)
    ImageEncoder.fit("image", images).write(images, out)
    np.testing.assert_allclose(out, 0, atol=1e-6)


@pytest.mark.parametrize(
    ("images", "problem"),
    [
        (np.zeros((6, 3, 5, 5)), "put the channels last"),
        (np.zeros((6, 5, 5, 9)), "give 1 to 4 channels"),
        (np.zeros((6, 0, 5)), "at least one pixel"),
        (np.where(np.arange(6)[:, None, None] == 4, np.nan, np.zeros((6, 2, 2))), "Image 4"),
        (np.full((2, 2, 2), 1e300), "Image 0 .* too large"),
        ([np.zeros((2, 2)), np.zeros((2, 3))], r"Array 1 .* shape \(2, 3\) where array 0 has"),
    ],
)
def test_what_is_no_image_is_refused(images, problem):
    with pytest.raises(InputError, match=problem):
        to_table(images)


def test_images_all_alike_tell_nothing():
    table = to_table(np.zeros((5, 3, 3)))
    schema = Schema.infer(table)
    assert schema.kept == ()
    with pytest.raises(InputError, match="nothing to learn from"):
        TableEncoder.fit(table, schema)


def test_a_kind_that_images_are_not_is_refused():
    with pytest.raises(InputError, match="its kind is image or dropped, not category"):
        Schema.infer(to_table(GRAY), {"image": "category"})
    with pytest.raises(InputError, match="cannot be read as images"):
        Schema.infer(Table.from_columns({"age": [1, 2]}), {"age": "image"})
    assert Schema.infer(to_table(GRAY), {"image": "dropped"}).kept == ()


def test_images_of_another_size_are_refused():
    encoder = TableEncoder.fit(to_table(GRAY), Schema.infer(to_table(GRAY)))
    with pytest.raises(InputError, match=r"holds 5 x 3 .* learned from 5 x 4 pixels, gray: resize"):
        encoder.encode(to_table(GRAY[:, :, :3]))
    with pytest.raises(InputError, match="holds no images"):
        encoder.encode(Table.from_columns({"image": [1.0, 2.0]}))


def bent(images, grid, strength, seed=0):
    out = np.empty_like(images)
    rng = np.random.default_rng(seed)
    warp(images, grid, strength, rng, out=out, workspace=Workspace())
    return out


def test_bent_images_keep_to_the_values_that_are_there():
    images = np.random.default_rng(0).standard_normal((9, 6 * 5 * 2)).astype(np.float32)
    out = bent(images, (6, 5), 1.0)
    channels, bent_channels = images.reshape(9, 30, 2), out.reshape(9, 30, 2)
    assert (bent_channels.max(axis=1) <= channels.max(axis=1)).all()
    assert (bent_channels.min(axis=1) >= channels.min(axis=1)).all()
    assert (out != images).any(axis=1).all()
    np.testing.assert_array_equal(bent(images, (6, 5), 1.0), out)
    assert (bent(images, (6, 5), 1.0, seed=1) != out).any()


def test_a_linear_gradient_gives_the_displacement():
    rows, columns = np.indices((20, 20), np.float32)
    ramps = np.stack([rows, columns], axis=-1).reshape(1, -1)
    out = bent(np.repeat(ramps, 50, axis=0), (20, 20), 0.2).reshape(50, 20, 20, 2)
    moved = (out - ramps.reshape(20, 20, 2))[:, 5:15, 5:15]  # where edges are far away
    assert 0.05 < np.abs(moved).mean() < 20 * 0.2 * 0.12
    assert np.abs(moved.mean()) < 0.15  # as often to one side as to the other


def test_lines_and_points_can_be_bent():
    for grid in ((1, 7), (7, 1), (1, 1)):
        images = np.random.default_rng(0).standard_normal((4, np.prod(grid))).astype(np.float32)
        assert np.isfinite(bent(images, grid, 1.0)).all()
