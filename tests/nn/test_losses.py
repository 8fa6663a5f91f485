"""The laws of losses, each held by every loss of the catalogue."""

from __future__ import annotations

import json
import pickle
from inspect import isabstract

import numpy as np
import pytest
from catalogue import LOSSES
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from sklearn import metrics

from madaline.errors import InputError, ModelFileError
from madaline.nn import losses
from madaline.nn.arrays import Workspace
from madaline.nn.gradcheck import GradientError, check_loss
from madaline.nn.losses import (
    Absolute,
    BinaryCrossEntropy,
    CrossEntropy,
    Huber,
    Loss,
    Poisson,
    Quantile,
    Quantiles,
    Squared,
    loss_from_config,
)


def named(value):
    """Name a parameter the same in every process: a function's repr holds an address."""
    return type(value).__name__ if callable(value) else repr(value)


every_loss = pytest.mark.parametrize("name", LOSSES)
CROSS_ENTROPIES = (BinaryCrossEntropy, CrossEntropy)


class Wrong(Loss):
    """A loss whose slope is 0.05 % too large."""

    def __init__(self, loss):
        self.loss = loss

    def rows(self, output, target):
        return self.loss.rows(output, target)

    def slope(self, output, target, out):
        out = self.loss.slope(output, target, out)
        out *= 1.0005
        return out

    def prediction(self, output):
        return self.loss.prediction(output)

    def initial_output(self, target, weight=None):
        return self.loss.initial_output(target, weight)


def draw(name, *shape, seed=0):
    """Return random outputs, targets that fit the loss, and weights of mean one."""
    rng = np.random.default_rng(seed)
    shape = (*shape[:-1], LOSSES[name].n_outputs or shape[-1])
    output, target = rng.normal(size=shape), LOSSES[name].draw(rng, shape[-2:])
    weight = rng.uniform(0.5, 1.5, shape[-2])
    return output, target, weight / weight.mean()


def gradient(loss, output, target, weight=None):
    return loss.gradient(output, target, weight, workspace=Workspace())


def test_every_loss_is_in_the_catalogue():
    assert {type(case.loss) for case in LOSSES.values()} == set(losses.LOSSES)
    assert not any(isabstract(loss) for loss in losses.LOSSES)


@every_loss
@settings(max_examples=10)
@given(
    axes=st.sampled_from([(), (1,), (3,), (2, 3)]),
    rows=st.integers(1, 7),
    n_outputs=st.integers(1, 4),
    weighted=st.booleans(),
)
def test_gradients_are_right(name, axes, rows, n_outputs, weighted):
    output, target, weight = draw(name, *axes, rows, n_outputs)
    loss = LOSSES[name].loss
    assert check_loss(loss, output, target, weight if weighted else None) < 1e-7


@every_loss
def test_a_slightly_wrong_slope_is_caught(name):
    output, target, weight = draw(name, 2, 7, 3)
    with pytest.raises(GradientError, match=r"the output .* is wrong by"):
        check_loss(Wrong(LOSSES[name].loss), output, target, weight)


@every_loss
def test_members_have_the_losses_that_they_have_alone(name):
    output, target, _ = draw(name, 2, 3, 7, 3)
    loss = LOSSES[name].loss
    whole, whole_gradient = loss.rows(output, target), gradient(loss, output, target)
    assert whole.shape == (2, 3, 7)
    for member in np.ndindex(2, 3):
        np.testing.assert_array_equal(loss.rows(output[member], target), whole[member])
        np.testing.assert_array_equal(
            gradient(loss, output[member], target), whole_gradient[member]
        )


@every_loss
def test_members_may_have_targets_of_their_own(name):
    output, target, _ = draw(name, 2, 7, 3)
    own = np.stack([target, target[::-1]])
    rows = LOSSES[name].loss.rows(output, own)
    np.testing.assert_array_equal(rows[1], LOSSES[name].loss.rows(output[1], target[::-1]))


@every_loss
@pytest.mark.parametrize("n_rows", [7, 50_000])
def test_one_output_for_all_rows_is_compared_with_each(name, n_rows):
    output, target, _ = draw(name, 2, n_rows, 3)
    loss, constant = LOSSES[name].loss, output[:, :1]
    expected = loss.rows(np.repeat(constant, n_rows, axis=1), target)
    np.testing.assert_array_equal(loss.rows(constant, target), expected)
    np.testing.assert_array_equal(loss.rows(constant[0], target), expected[0])
    np.testing.assert_array_equal(loss.mean(constant[0], target), expected[0].mean())


@every_loss
def test_outputs_and_targets_are_left_untouched(name):
    output, target, weight = draw(name, 2, 7, 3)
    output.flags.writeable = target.flags.writeable = weight.flags.writeable = False
    loss = LOSSES[name].loss
    loss.mean(output, target, weight)
    gradient(loss, output, target, weight)
    loss.prediction(output)
    loss.initial_output(target, weight)


@every_loss
@pytest.mark.parametrize("n_outputs", [1, 3, 10])
def test_a_prediction_does_not_depend_on_the_rows_beside_it(name, n_outputs):
    output = 5 * np.random.default_rng(0).standard_normal((50, n_outputs))
    whole = LOSSES[name].loss.prediction(output)
    for n_rows in (1, 2, 7, 33):
        np.testing.assert_array_equal(LOSSES[name].loss.prediction(output[:n_rows]), whole[:n_rows])


@every_loss
def test_the_slope_may_overwrite_the_output(name):
    output, target, _ = draw(name, 2, 7, 3)
    loss = LOSSES[name].loss
    expected = loss.slope(output, target, np.empty_like(output))
    np.testing.assert_array_equal(loss.slope(output, target, output), expected)


@every_loss
def test_the_type_of_numbers_is_preserved(name):
    output, target, weight = (array.astype(np.float32) for array in draw(name, 2, 7, 3))
    loss = LOSSES[name].loss
    assert loss.rows(output, target).dtype == np.float32
    assert gradient(loss, output, target, weight).dtype == np.float32
    assert loss.prediction(output).dtype == np.float32
    assert loss.mean(output, target).dtype == np.float64


@every_loss
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_the_initial_output_is_the_best_constant(name, weighted, n_outputs):
    _, target, weight = draw(name, 41, n_outputs)
    n_outputs = target.shape[1]
    loss, weight = LOSSES[name].loss, weight if weighted else None
    constant = loss.initial_output(target, weight)
    assert constant.shape == (n_outputs,)
    rng = np.random.default_rng(0)
    others = constant + rng.normal(size=(200, n_outputs)) * 10.0 ** rng.uniform(-4, 0, (200, 1))

    def mean_loss(outputs):
        spread = np.broadcast_to(outputs[:, None, :], (len(outputs), *target.shape))
        return loss.mean(spread, target, weight)

    assert mean_loss(constant[None])[0] <= mean_loss(others).min() + 1e-12


@every_loss
def test_weight_two_is_the_row_twice(name):
    output, target, _ = draw(name, 9, 3)
    weight = np.array([1, 2, 1, 3, 1, 1, 2, 1, 1])
    again = np.repeat(np.arange(9), weight)
    loss = LOSSES[name].loss
    assert loss.mean(output, target, weight) == pytest.approx(
        loss.mean(output[again], target[again])
    )
    np.testing.assert_allclose(
        loss.initial_output(target, weight), loss.initial_output(target[again]), atol=1e-9
    )
    once = gradient(loss, output, target, weight) * 9
    twice = gradient(loss, output[again], target[again]) * len(again)
    summed = np.stack([twice[again == row].sum(axis=0) for row in range(9)])
    np.testing.assert_allclose(once, summed, atol=1e-12)


@every_loss
def test_large_outputs_overflow_nowhere(name):
    output = np.array([[-1e4, 1e4], [1e4, 1e4], [0, 0], [-89, 89]], np.float32)
    output = np.tile(output, 2)[:, : LOSSES[name].n_outputs or 2]
    target = LOSSES[name].draw(np.random.default_rng(0), output.shape).astype(np.float32)
    loss = LOSSES[name].loss
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert np.isfinite(loss.rows(output, target)).all()
        assert np.isfinite(gradient(loss, output, target)).all()
        assert np.isfinite(loss.prediction(output)).all()


@every_loss
@pytest.mark.parametrize("same", [0.0, 1.0])
def test_targets_that_are_all_the_same_have_a_finite_initial_output(name, same):
    target = np.full((5, LOSSES[name].n_outputs or 2), same)
    assert np.isfinite(LOSSES[name].loss.initial_output(target)).all()


@every_loss
def test_several_outputs_count_by_their_mean(name):
    loss = LOSSES[name].loss
    if isinstance(loss, CrossEntropy):
        pytest.skip("the outputs of a cross-entropy belong together")
    output, target, _ = draw(name, 7, 3)
    alone = [loss.of_output(k).rows(output[:, [k]], target[:, [k]]) for k in range(3)]
    np.testing.assert_allclose(loss.rows(output, target), np.mean(alone, axis=0))


@every_loss
def test_a_loss_comes_back_from_a_file(name):
    loss = LOSSES[name].loss
    assert loss_from_config(json.loads(json.dumps(loss.config()))) == loss


@every_loss
def test_repr_evaluates_to_the_loss(name):
    loss = LOSSES[name].loss
    assert eval(repr(loss), vars(losses)) == loss


@every_loss
def test_a_loss_can_be_pickled(name):
    assert pickle.loads(pickle.dumps(LOSSES[name].loss)) == LOSSES[name].loss


@pytest.mark.parametrize("config", [{}, {"loss": "Strange"}, {"loss": "Huber", "x": 1}], ids=str)
def test_a_strange_description_of_a_loss_is_refused(config):
    with pytest.raises(ModelFileError, match="cannot be read"):
        loss_from_config(config)


@pytest.mark.parametrize("loss", [Absolute(), Huber(), Quantile(0.3), Squared()], ids=repr)
def test_the_prediction_of_a_number_is_the_output(loss):
    output = np.array([[-2.0, 3.0]])
    np.testing.assert_array_equal(loss.prediction(output), output)


@pytest.mark.parametrize(
    ("loss", "inverse_link"),
    [
        (BinaryCrossEntropy(), special.expit),
        (CrossEntropy(), lambda output: special.softmax(output, axis=-1)),
        (Poisson(), np.exp),
    ],
    ids=named,
)
def test_the_prediction_is_the_inverse_link_of_the_output(loss, inverse_link):
    output = np.random.default_rng(0).normal(0, 3, (4, 3))
    np.testing.assert_allclose(loss.prediction(output), inverse_link(output), rtol=1e-12)


@pytest.mark.parametrize(
    ("loss", "oracle"),
    [
        (Absolute(), metrics.mean_absolute_error),
        (Squared(), metrics.mean_squared_error),
        (Huber(0.7), lambda y, p: special.huber(0.7, p - y).mean()),
        (Quantile(0.8), lambda y, p: metrics.mean_pinball_loss(y, p, alpha=0.8)),
        (Quantile(0.5), lambda y, p: metrics.mean_absolute_error(y, p) / 2),
    ],
    ids=named,
)
def test_losses_of_numbers_agree_with_others(loss, oracle):
    output, target, _ = draw("squared", 50, 1)
    assert loss.mean(output, target) == pytest.approx(oracle(target[:, 0], output[:, 0]))


def test_sorted_quantiles_have_no_higher_loss():
    output, target, _ = draw("quantiles", 200, 3)
    loss = LOSSES["quantiles"].loss
    prediction = loss.prediction(output)
    assert (np.diff(prediction) >= 0).all()
    target[:] = target[:, [0]]
    assert (loss.rows(prediction, target) <= loss.rows(output, target) + 1e-12).all()


@pytest.mark.parametrize("levels", [(0.5, 0.5), (0.9, 0.1), (0.0, 0.5), (0.5, 1.0)], ids=str)
def test_levels_that_do_not_ascend_are_refused(levels):
    with pytest.raises(InputError, match="in ascending order"):
        Quantiles(levels)


def test_the_binary_cross_entropy_agrees_with_others():
    output, target, weight = draw("binary_cross_entropy", 50, 1)
    expected = metrics.log_loss(
        target[:, 0], special.expit(output[:, 0]), sample_weight=weight, labels=[0, 1]
    )
    assert BinaryCrossEntropy().mean(output, target, weight) == pytest.approx(expected)


def test_the_cross_entropy_agrees_with_others():
    output, target, weight = draw("cross_entropy", 50, 4)
    expected = metrics.log_loss(
        target.argmax(axis=1),
        special.softmax(output, axis=1),
        sample_weight=weight,
        labels=range(4),
    )
    assert CrossEntropy().mean(output, target, weight) == pytest.approx(expected)


def test_the_poisson_loss_is_half_the_deviance():
    output, target, weight = draw("poisson", 50, 1)
    assert (target == 0).any()
    deviance = metrics.mean_poisson_deviance(
        target[:, 0], np.exp(output[:, 0]), sample_weight=weight
    )
    assert Poisson().mean(output, target, weight) == pytest.approx(deviance / 2)
    whole = target[target[:, 0] > 0]
    assert Poisson().mean(np.log(whole), whole) == pytest.approx(0)


def test_two_classes_are_the_same_in_both_cross_entropies():
    output, target, _ = draw("binary_cross_entropy", 20, 1)
    both = CrossEntropy().rows(
        np.concatenate([np.zeros_like(output), output], axis=1),
        np.concatenate([1 - target, target], axis=1),
    )
    np.testing.assert_allclose(BinaryCrossEntropy().rows(output, target), both)


@pytest.mark.parametrize("kind", CROSS_ENTROPIES)
def test_label_smoothing_mixes_the_target_with_even_chances(kind):
    name = "binary_cross_entropy" if kind is BinaryCrossEntropy else "cross_entropy"
    output, target, _ = draw(name, 20, 4)
    even = 1 / 2 if kind is BinaryCrossEntropy else 1 / 4
    smooth = 0.8 * target + 0.2 * even
    np.testing.assert_allclose(kind(0.2).rows(output, target), kind().rows(output, smooth))
    np.testing.assert_allclose(
        gradient(kind(0.2), output, target), gradient(kind(), output, smooth), atol=1e-15
    )


def test_poisson_is_smooth_where_the_exponential_ends():
    output = np.linspace(28, 33, 23)[:, None]
    assert check_loss(Poisson(), output, np.ones_like(output)) < 1e-6


def test_huber_is_squared_in_the_small_and_absolute_in_the_large():
    output, target, _ = draw("huber", 20, 1)
    np.testing.assert_allclose(Huber(1e3).rows(output, target), Squared().rows(output, target) / 2)
    np.testing.assert_allclose(
        Huber(1e-9).rows(output, target) / 1e-9, Absolute().rows(output, target), rtol=1e-6
    )


@pytest.mark.parametrize(
    "make",
    [lambda: Quantile(0), lambda: Quantile(1.5), lambda: Huber(0), lambda: Huber(float("nan"))],
)
def test_settings_that_make_no_sense_are_refused(make):
    with pytest.raises(InputError, match="give a number"):
        make()


@pytest.mark.parametrize("n_classes", [2, 80, 81, 200])
def test_few_and_many_classes_are_evaluated_alike(n_classes):
    rng = np.random.default_rng(0)
    output = 50 * rng.normal(size=(2, 7, n_classes))
    target = np.eye(n_classes)[rng.integers(0, n_classes, 7)]
    expected = np.logaddexp.reduce(output, axis=-1) - (output * target).sum(axis=-1)
    np.testing.assert_allclose(CrossEntropy().rows(output, target), expected, atol=1e-12)


@pytest.mark.parametrize("loss", [Squared(), BinaryCrossEntropy(), CrossEntropy(), Poisson()])
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_targets_that_would_broadcast_are_refused(loss, n_outputs):
    output = np.zeros((8, n_outputs))
    right = np.eye(n_outputs)[np.arange(8) % n_outputs]
    assert np.isfinite(loss.mean(output, right))
    for wrong in (right[:, 0], right[:1], np.tile(right, 2), right[:, :, None]):
        with pytest.raises(InputError, match=r"target has the shape .* and the output \(8, "):
            loss.mean(output, wrong)
        with pytest.raises(InputError, match="one-hot"):
            loss.gradient(output, wrong, workspace=Workspace())
