"""Sums of the columns before tell a column that is nearly one."""

import numpy as np

from madaline._apps.sampling.cells import ColumnCells
from madaline._apps.sampling.column_model import N_SUMS, learn_prediction, learn_sums


def _learned(columns):
    cells = [ColumnCells.of(column, 5) for column in columns]
    rows = [own.encode(column) for own, column in zip(cells, columns, strict=True)]
    scores = [own.scores for own in cells]
    return scores, rows, learn_sums(scores, rows)


def test_scores_have_mean_zero_and_variance_one():
    column = np.random.default_rng(0).lognormal(3, 1, 2000)
    column[:200] = np.nan
    cells = ColumnCells.of(column, 5)
    scores = cells.scores[:, cells.encode(column)]
    assert (scores[:, :200] == 0).all()
    assert np.allclose(scores.mean(axis=1), 0, atol=1e-9)
    assert np.allclose(scores[:, 200:].var(axis=1), 1, atol=0.01)


def test_a_sum_and_a_product_are_found():
    rng = np.random.default_rng(0)
    one, other = rng.lognormal(3, 1, (2, 3000))
    for place, column in ((0, one + 2 * other), (1, one**2 * other)):
        scores, rows, sums = _learned([one, other, column])
        codes = sums[1].codes(scores[:2], rows[:2])
        assert codes.shape == (3000, N_SUMS)
        ranks = np.argsort(np.argsort(column))
        assert np.corrcoef(codes[:, place], ranks)[0, 1] > 0.99


def test_a_row_alone_has_the_same_codes():
    rng = np.random.default_rng(1)
    scores, rows, sums = _learned([*rng.normal(size=(4, 500))])
    codes = sums[2].codes(scores[:3], rows[:3])
    for row in (0, 7, 400):
        alone = sums[2].codes(scores[:3], [own[row : row + 1] for own in rows[:3]])
        assert np.array_equal(alone[0], codes[row])


def test_a_prediction_is_of_trees_that_did_not_see_the_row():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 200, (3, 2000)).astype(np.uint8)
    values = np.sin(codes[0] / 30) * codes[1] / 100
    noise = rng.normal(size=2000)
    prediction, seen = learn_prediction(codes, values, rng)
    assert np.corrcoef(seen, values)[0, 1] > 0.9
    assert np.corrcoef(prediction.code(codes.T), values)[0, 1] > 0.95
    assert abs(np.corrcoef(learn_prediction(codes, noise, rng)[1], noise)[0, 1]) < 0.1
