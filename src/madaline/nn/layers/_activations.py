"""An activation is a function of each number; without one, layers in a row are just one layer."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from madaline.errors import InputError
from madaline.nn.arrays import Array, Parameters, Rng, Workspace
from madaline.nn.layers._base import Backward, Layer


class Activation(Layer):
    """``y = f(x)`` for each number; the chain rule multiplies the gradient by the slope ``f'(x)``.

    Subclasses say what the function and its slope are. They have no parameters.
    """

    @abstractmethod
    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return ``f(x)`` and whatever array makes the slope cheap.

        Parameters
        ----------
        x : ndarray of any shape
            Input; never changed.
        workspace : Workspace
            Where the arrays come from.

        Returns
        -------
        y : ndarray of the shape of `x`
            The values.
        kept : ndarray of the shape of `x`
            What `slope` is given back; may be `y` or `x`.
        """

    @abstractmethod
    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return ``f'(x)`` in a new array of the workspace, given what `value` had and returned."""

    # For prediction, weights before the layer are multiplied by it once for all: a power of two,
    # which is exact
    frozen_scale: ClassVar[float] = 1.0

    # Where ``f(x) = h (gain + tanh(h))`` with ``h = x / 2``; compiled code then predicts faster
    tanh_gain: ClassVar[float | None] = None

    def activate(self, h: Array, factor: Array) -> None:
        """Replace ``x`` times `frozen_scale` by ``f(x)``, in place, for prediction.

        `factor` is an array of the shape and type of `h` that may be overwritten.
        """
        if self.tanh_gain is None:
            h[...] = self.value(h, Workspace())[0]
            return
        np.tanh(h, out=factor)
        factor += self.tanh_gain
        h *= factor

    def __call__(self, x: Array) -> Array:
        """Return ``f(x)``, as a textbook writes it.

        >>> from madaline.nn.layers import ReLU
        >>> ReLU()(np.array([-1.0, 2.0])), ReLU().derivative(np.array([-1.0, 2.0]))
        (array([0., 2.]), array([0., 1.]))
        """
        return self.value(x, Workspace())[0]

    def derivative(self, x: Array) -> Array:
        """Return ``f'(x)``."""
        workspace = Workspace()
        return self.slope(x, *self.value(x, workspace), workspace)

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return ``f(x)`` and its backward pass."""
        y, kept = self.value(x, workspace)

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            if not input_gradient:
                return gradient
            gradient *= self.slope(x, y, kept, workspace)
            return gradient

        return y, backward


def _empty_like(x: Array, workspace: Workspace) -> Array:
    """Return an uninitialized array of the shape and type of `x`."""
    return workspace.empty(x.shape, x.dtype)


def sigmoid(x: Array, workspace: Workspace) -> Array:
    """Return ``1 / (1 + exp(-x))`` as ``(1 + tanh(x / 2)) / 2``, which cannot overflow."""
    y = np.multiply(x, 0.5, out=_empty_like(x, workspace))
    np.tanh(y, out=y)
    y += 1
    y *= 0.5
    return y


@dataclass(frozen=True)
class ELU(Activation):
    """``y = x`` above zero and ``alpha * (exp(x) - 1)`` below.

    Clevert, Unterthiner and Hochreiter (2015), arXiv:1511.07289.

    >>> ELU()(np.array([-1.0, 3.0])).round(4)
    array([-0.6321,  3.    ])
    """

    alpha: float = 1.0  # depth of the floor, and the slope just below zero

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return the values and their lower side ``alpha * (exp(min(x, 0)) - 1)``."""
        lower = np.minimum(x, 0, out=_empty_like(x, workspace))
        np.expm1(lower, out=lower)
        lower *= self.alpha
        y = np.maximum(x, 0, out=_empty_like(x, workspace))
        y += lower
        return y, lower

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return 1 above zero and ``alpha * exp(x)`` below: the lower side plus `alpha`."""
        slope = np.greater(x, 0, out=_empty_like(x, workspace))
        slope *= 1 - self.alpha
        slope += self.alpha
        slope += kept
        return slope


_SQRT_2_OVER_PI = 0.7978845608028654
_CUBIC = 0.044715


@dataclass(frozen=True)
class GELU(Activation):
    """``y = x (1 + t) / 2`` with ``t = tanh(sqrt(2 / pi) (x + 0.044715 x**3))``.

    This is the tanh form, within 0.0005 of the exact ``x * normal_cdf(x)``.

    Hendrycks and Gimpel (2016), "Gaussian error linear units", arXiv:1606.08415.

    >>> GELU()(np.array([0.0, 1.0])).round(4)
    array([0.    , 0.8412])
    """

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return the values and t."""
        t = np.multiply(x, x, out=_empty_like(x, workspace))
        t *= _CUBIC * _SQRT_2_OVER_PI
        t += _SQRT_2_OVER_PI
        t *= x
        np.tanh(t, out=t)
        y = np.add(t, 1, out=_empty_like(x, workspace))
        y *= x
        y *= 0.5
        return y, t

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return ``(1 + t + x (1 - t**2) u') / 2``, u' being the slope of what tanh is taken of."""
        slope = np.multiply(x, x, out=_empty_like(x, workspace))
        slope *= 3 * _CUBIC * _SQRT_2_OVER_PI
        slope += _SQRT_2_OVER_PI  # u'
        slope *= x
        rest = np.multiply(kept, kept, out=_empty_like(x, workspace))
        np.subtract(1, rest, out=rest)
        slope *= rest
        slope += kept
        slope += 1
        slope *= 0.5
        return slope


@dataclass(frozen=True)
class LeakyReLU(Activation):
    """``y = x`` above zero and ``negative_slope * x`` below.

    Maas, Hannun and Ng (2013), "Rectifier nonlinearities improve neural network acoustic models".

    >>> LeakyReLU(0.5)(np.array([-2.0, 3.0]))
    array([-1.,  3.])
    """

    negative_slope: float = 0.01  # slope below zero, from 0 to 1

    def __post_init__(self) -> None:
        """Check the slope: the larger of `x` and `slope * x` is right for these only."""
        if not 0 <= self.negative_slope <= 1:
            raise InputError(
                "negative_slope is {negative_slope}: give a number from 0 to 1.",
                negative_slope=self.negative_slope,
            )

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return ``max(x, negative_slope * x)``, twice."""
        y = np.multiply(x, self.negative_slope, out=_empty_like(x, workspace))
        np.maximum(x, y, out=y)
        return y, y

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return 1 where `x` is above zero and `negative_slope` elsewhere."""
        slope = np.greater(x, 0, out=_empty_like(x, workspace))
        slope *= 1 - self.negative_slope
        slope += self.negative_slope
        return slope


LEAK = 0.1  # what is added to the slope; that of SiLU is lowest at x = -2.4, where it is -0.09984


@dataclass(frozen=True)
class LeakySiLU(Activation):
    """``y = x * (sigmoid(x) + 0.1)``: SiLU, and a tenth of `x`, so that the slope is above zero.

    >>> LeakySiLU()(np.array([-2.4, 0.0, 1.0])).round(4)
    array([-0.4396,  0.    ,  0.8311])
    """

    frozen_scale, tanh_gain = 0.5, 1 + 2 * LEAK

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return ``x * (sigmoid(x) + 0.1)`` and the slope of SiLU."""
        y, kept = SiLU().value(x, workspace)
        slope = SiLU().slope(x, y, kept, workspace)
        np.multiply(x, LEAK, out=kept)
        y += kept
        return y, slope

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return the slope of SiLU and a tenth."""
        return np.add(kept, LEAK, out=_empty_like(x, workspace))


# Above it ``tanh(softplus(x))`` is 1 even in float64; the powers of exp(x) would overflow
_SATURATION = 20.0


@dataclass(frozen=True)
class Mish(Activation):
    """``y = x * tanh(softplus(x))``.

    With ``w = exp(x)`` the tangent is ``t = n / (n + 2)``, ``n = w (w + 2)``: one exponential, no
    logarithm.

    Misra (2019), arXiv:1908.08681.

    >>> Mish()(np.array([0.0, 1.0])).round(4)
    array([0.    , 0.8651])
    """

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return the values and w."""
        w = np.minimum(x, _SATURATION, out=_empty_like(x, workspace))
        np.exp(w, out=w)
        y = _tangent(w, _empty_like(x, workspace), workspace)
        y *= x
        return y, w

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return ``t + x t'`` with ``t' = 4 w (w + 1) / (n + 2)**2``."""
        w, d = kept, _empty_like(x, workspace)
        slope = np.add(w, 2, out=_empty_like(x, workspace))
        slope *= w
        np.add(slope, 2, out=d)  # n + 2
        slope /= d  # t
        rise = np.add(w, 1, out=_empty_like(x, workspace))
        rise /= d
        rise *= np.divide(w, d, out=d)
        rise *= x
        rise *= 4
        slope += rise
        return slope


def _tangent(w: Array, out: Array, workspace: Workspace) -> Array:
    """Write ``n / (n + 2)`` into `out` and return it."""
    np.add(w, 2, out=out)
    out *= w
    out /= np.add(out, 2, out=_empty_like(w, workspace))
    return out


@dataclass(frozen=True)
class ReLU(Activation):
    """``y = max(x, 0)``; its slope at zero is taken as zero.

    Nair and Hinton (2010), "Rectified linear units improve restricted Boltzmann machines".

    >>> ReLU()(np.array([-2.0, 3.0]))
    array([0., 3.])
    """

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return ``max(x, 0)``, twice.

        NumPy compares two arrays at three times the speed of an array and a number.
        """
        zeros = workspace.empty(x.shape[-2:], x.dtype)
        zeros.fill(0)
        y = np.maximum(x, zeros, out=_empty_like(x, workspace))
        return y, y

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return 1 where `x` is above zero and 0 elsewhere."""
        return np.greater(y, 0, out=_empty_like(x, workspace))


_ALPHA = 1.6732632423543772
_SCALE = 1.0507009873554805


@dataclass(frozen=True)
class SELU(Activation):
    """``y = SCALE * elu(x)`` with ``alpha = ALPHA``, the fixed point of mean 0 and variance 1.

    It holds with weights from N(0, 1 / fan_in), see `lecun_normal`.

    Klambauer, Unterthiner, Mayr and Hochreiter (2017), "Self-normalizing neural networks",
    arXiv:1706.02515.

    >>> SELU()(np.array([-1.0, 1.0])).round(4)
    array([-1.1113,  1.0507])
    """

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return the values and the lower side of the ELU."""
        y, lower = ELU(_ALPHA).value(x, workspace)
        return np.multiply(y, _SCALE, out=y), lower

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return the slope of the ELU times `_SCALE`."""
        slope = ELU(_ALPHA).slope(x, y, kept, workspace)
        return np.multiply(slope, _SCALE, out=slope)


@dataclass(frozen=True)
class Sigmoid(Activation):
    """``y = 1 / (1 + exp(-x))``: from almost 0 far below zero to almost 1 far above.

    Its slope is ``y (1 - y)``, at most a quarter: the gradient shrinks with every such layer.

    Rumelhart, Hinton and Williams (1986), "Learning representations by back-propagating errors".

    >>> Sigmoid()(np.array([0.0, 1.0])).round(4)
    array([0.5   , 0.7311])
    """

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return the sigmoid of `x`, twice."""
        y = sigmoid(x, workspace)
        return y, y

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return ``y - y**2``."""
        slope = np.multiply(y, y, out=_empty_like(x, workspace))
        return np.subtract(y, slope, out=slope)


@dataclass(frozen=True)
class SiLU(Activation):
    """``y = x * sigmoid(x)``: almost zero far below zero, almost `x` far above.

    Elfwing, Uchibe and Doya (2017), arXiv:1702.03118; also known as Swish.

    >>> SiLU()(np.array([0.0, 1.0])).round(4)
    array([0.    , 0.7311])
    """

    frozen_scale, tanh_gain = 0.5, 1.0

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return ``x * sigmoid(x)`` and the sigmoid."""
        s = sigmoid(x, workspace)
        return np.multiply(x, s, out=_empty_like(x, workspace)), s

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return ``s + y (1 - s) = s + y - y s`` with the sigmoid s."""
        slope = np.multiply(y, kept, out=_empty_like(x, workspace))
        np.subtract(y, slope, out=slope)
        slope += kept
        return slope


@dataclass(frozen=True)
class Softplus(Activation):
    """``y = log(1 + exp(x))``, always above zero.

    Dugas, Bengio, Bélisle, Nadeau and Garcia (2000), "Incorporating second-order functional
    knowledge for better option pricing".

    >>> Softplus()(np.array([0.0, 1.0])).round(4)
    array([0.6931, 1.3133])
    """

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return ``max(x, 0) + log(1 + exp(-|x|))``, which cannot overflow, twice."""
        y = softplus(x, workspace)
        return y, y

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return ``sigmoid(x) = 1 - exp(-y)``."""
        slope = np.negative(y, out=_empty_like(x, workspace))
        np.expm1(slope, out=slope)
        return np.negative(slope, out=slope)


def softplus(x: Array, workspace: Workspace) -> Array:
    """Return ``log(1 + exp(x))``."""
    y = np.abs(x, out=_empty_like(x, workspace))
    np.negative(y, out=y)
    np.exp(y, out=y)
    np.log1p(y, out=y)
    y += np.maximum(x, 0, out=_empty_like(x, workspace))
    return y


@dataclass(frozen=True)
class Tanh(Activation):
    """``y = tanh(x)``, from -1 far below zero to 1 far above.

    LeCun, Bottou, Orr and Müller (1998), "Efficient BackProp", on why centered is better.

    >>> Tanh()(np.array([0.0, 1.0])).round(4)
    array([0.    , 0.7616])
    """

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return ``tanh(x)``, twice."""
        y = np.tanh(x, out=_empty_like(x, workspace))
        return y, y

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return ``1 - y**2``."""
        slope = np.multiply(y, y, out=_empty_like(x, workspace))
        return np.subtract(1, slope, out=slope)
