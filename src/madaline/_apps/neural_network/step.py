"""One step of gradient descent, with every number, so that it can be checked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from madaline._apps.neural_network.parameters import Gradients, Parameters
from madaline._base.language import _
from madaline.nn.arrays import Array
from madaline.nn.layers import Activation, ReLU, Sigmoid, Tanh
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss, Squared

MAX_PARAMETERS = 60  # parameters of a network whose step still fits on a screen or two


@final
@dataclass(frozen=True, eq=False)
class Step:
    """One step for one row: what goes in, and the gradients that `backward` returned."""

    parameters: Parameters  # those of the network, before the step
    activation: Activation  # activation of the hidden units
    loss: Loss  # what the step makes smaller
    x: Array  # (input_size,): the row
    target: Array  # (output_size,): its target
    gradients: Gradients  # the gradient of the loss by each parameter
    learning_rate: float  # length of the step

    def lines(self) -> Iterator[str]:
        """Yield the step line by line: forward, loss, gradient, update."""
        signals, sums = self._forward(self.parameters)
        yield _(
            "One step of gradient descent: x = {row}, target = {row2}, learning rate = {number}"
        ).format(row=_row(self.x), row2=_row(self.target), number=number(self.learning_rate))
        yield "1. Forward: weighted inputs + bias, then the activation"
        yield from self._forward_lines(signals, sums)
        logarithm = ", log is the natural logarithm" * (not isinstance(self.loss, Squared))
        yield _("2. Loss: {name}{logarithm}").format(
            name=type(self.loss).__name__, logarithm=logarithm
        )
        prediction, loss = self._outcome(sums)
        yield _("   loss = {loss_formula}{number}").format(
            loss_formula=_loss_formula(self.loss, prediction, self.target), number=number(loss)
        )
        yield "3. Gradient: the chain rule, from the last layer to the first"
        yield from self._gradient_lines(signals, sums, prediction)
        yield "4. Update: new = old - learning rate × gradient"
        yield from self._update_lines()
        new = self.parameters.copy()
        for parameter, gradient in zip(new, self.gradients, strict=True):
            parameter -= self.learning_rate * gradient
        after, loss_after = self._outcome(self._forward(new)[1])
        yield _(
            "After the update: prediction {row}, loss {number} (before: {row2}, {number2})"
        ).format(
            row=_row(after),
            number=number(loss_after),
            row2=_row(prediction),
            number2=number(loss),
        )

    def _outcome(self, sums: list[Array]) -> tuple[Array, float]:
        """Return the prediction and its loss."""
        loss = self.loss.rows(sums[-1][None], self.target[None])[0]
        return self.loss.prediction(sums[-1]), float(loss)

    def _forward(self, parameters: Parameters) -> tuple[list[Array], list[Array]]:
        """Return the inputs of each layer, and its sums."""
        signals = [self.x]
        sums = []
        for weights, bias in zip(parameters.weights, parameters.biases, strict=True):
            sums.append(signals[-1] @ weights + bias)
            signals.append(self.activation(sums[-1]))
        return signals[:-1], sums

    def _forward_lines(self, signals: list[Array], sums: list[Array]) -> Iterator[str]:
        for layer, (weights, bias) in enumerate(
            zip(self.parameters.weights, self.parameters.biases, strict=True)
        ):
            for unit, total in enumerate(sums[layer]):
                products = [
                    f"{number(signal)} × {number(weight)}"
                    for signal, weight in zip(signals[layer], weights[:, unit], strict=True)
                ]
                terms = " + ".join([*products, number(bias[unit])])
                yield _("   {name}: sum = {terms} = {number}").format(
                    name=self._name(layer, unit), terms=terms, number=number(total)
                )
                yield f"      {self._activated(layer, unit, sums[layer])}"

    def _activated(self, layer: int, unit: int, sums: Array) -> str:
        """Return the output of a unit with its formula."""
        if layer < len(self.parameters.weights) - 1:
            name = type(self.activation).__name__.lower()
            return _("output = {name}({number}) = {number2}").format(
                name=name, number=number(sums[unit]), number2=number(self.activation(sums)[unit])
            )
        prediction = number(self.loss.prediction(sums)[unit])
        match self.loss:
            case BinaryCrossEntropy():
                return _("prediction = sigmoid({number}) = {prediction}").format(
                    number=number(sums[unit]), prediction=prediction
                )
            case CrossEntropy():
                total = " + ".join(f"exp({number(value)})" for value in sums)
                return _("prediction = exp({number}) / ({total}) = {prediction}").format(
                    number=number(sums[unit]), total=total, prediction=prediction
                )
        return _("prediction = {prediction}").format(prediction=prediction)

    def _gradient_lines(
        self, signals: list[Array], sums: list[Array], prediction: Array
    ) -> Iterator[str]:
        last = len(signals) - 1
        for layer in range(last, -1, -1):
            errors = self.gradients.biases[layer]  # of one row, the gradient by a bias is the error
            for unit, error in enumerate(errors):
                if layer == last:
                    how = _error_formula(
                        self.loss, prediction[unit], self.target[unit], len(errors)
                    )
                else:
                    how = self._passed_back(layer, unit, sums[layer])
                yield _("   {name}: error = {how}{number}").format(
                    name=self._name(layer, unit), how=how, number=number(error)
                )
                for source, signal in enumerate(signals[layer]):
                    by_weight = number(self.gradients.weights[layer][source, unit])
                    product = f"{number(error)} × {number(signal)}"
                    yield _(
                        "      by weight {source}: error × input = {product} = {by_weight}"
                    ).format(source=source + 1, product=product, by_weight=by_weight)
                yield _("      by bias: error = {number}").format(number=number(error))

    def _passed_back(self, layer: int, unit: int, sums: Array) -> str:
        """Return the error of a hidden unit as a formula: errors above × weights × slope."""
        weights, above = self.parameters.weights[layer + 1], self.gradients.biases[layer + 1]
        products = " + ".join(
            f"{number(error)} × {number(weight)}"
            for error, weight in zip(above, weights[unit], strict=True)
        )
        slope = _slope_formula(self.activation, sums[unit])
        return f"({products}) × {slope} = "

    def _update_lines(self) -> Iterator[str]:
        rate = number(self.learning_rate)
        for layer, weights in enumerate(self.parameters.weights):
            for unit in range(weights.shape[1]):
                olds = [*weights[:, unit], self.parameters.biases[layer][unit]]
                by_old = [*self.gradients.weights[layer][:, unit]]
                by_old += [self.gradients.biases[layer][unit]]
                names = [
                    *(
                        _("weight {source}").format(source=source + 1)
                        for source in range(len(weights))
                    ),
                    "bias",
                ]
                yield f"   {self._name(layer, unit)}:"
                for name, old, gradient in zip(names, olds, by_old, strict=True):
                    new = number(old - self.learning_rate * gradient)
                    yield f"      {name} = {number(old)} - {rate} × {number(gradient)} = {new}"

    def _name(self, layer: int, unit: int) -> str:
        last = len(self.parameters.weights) - 1
        if layer == last:
            return _("output {unit}").format(unit=unit + 1)
        return (
            _("hidden unit {unit}").format(unit=unit + 1)
            if last == 1
            else _("layer {layer}, unit {unit}").format(layer=layer + 1, unit=unit + 1)
        )


def _loss_formula(loss: Loss, prediction: Array, target: Array) -> str:
    """Return how the loss of a row follows from its predictions; nothing if that is not simple."""
    pairs = list(zip(prediction, target, strict=True))
    match loss:
        case BinaryCrossEntropy(label_smoothing=0.0):
            terms = " ".join(_minus_log_likelihood(p, t) for p, t in pairs)
        case CrossEntropy(label_smoothing=0.0):
            terms = " ".join(_times_minus_log(t, number(p)) for p, t in pairs if t)
            return f"{terms} = "
        case Squared():
            terms = " + ".join(f"({number(p)} - {number(t)})²" for p, t in pairs)
        case _:
            return ""
    return f"{terms} = " if len(pairs) == 1 else f"({terms}) / {len(pairs)} = "


def _error_formula(loss: Loss, prediction: float, target: float, outputs: int) -> str:
    """Return how the error of an output follows from its prediction; nothing if not simple."""
    share = "" if outputs == 1 or isinstance(loss, CrossEntropy) else f" / {outputs}"
    difference = f"({number(prediction)} - {number(target)})"
    match loss:
        case BinaryCrossEntropy(label_smoothing=0.0) | CrossEntropy(label_smoothing=0.0):
            return _("(prediction - target){share} = {difference}{share} = ").format(
                share=share, difference=difference
            )
        case Squared():
            return _("2 × (prediction - target){share} = 2 × {difference}{share} = ").format(
                share=share, difference=difference
            )
    return ""


def _slope_formula(activation: Activation, total: float) -> str:
    """Return the slope of an activation at a sum, with its formula where it is simple."""
    output = number(activation(np.array([total]))[0])
    match activation:
        case Sigmoid():
            return f"{output} × (1 - {output})"
        case Tanh():
            return f"(1 - {f'({output})' if output.startswith('-') else output}²)"
        case ReLU():
            return "1" if total > 0 else "0"
    return number(activation.derivative(np.array([total]))[0])


def number(value: float) -> str:
    """Return a number with four digits.

    >>> number(0.123456), number(-3), number(0.00012345)
    ('0.1235', '-3', '0.0001234')
    """
    return f"{value:.4g}"


def _minus_log_likelihood(prediction: float, target: float) -> str:
    right = number(prediction)
    wrong = f"1 - {number(prediction)}"
    if target in (0, 1):
        return f"-log({right if target else wrong})"
    return f"{_times_minus_log(target, right)} {_times_minus_log(1 - target, wrong)}"


def _times_minus_log(share: float, probability: str) -> str:
    return f"-log({probability})" if share == 1 else f"-{number(share)} × log({probability})"


def _row(values: Array) -> str:
    return (
        ", ".join(map(number, values))
        if len(values) == 1
        else f"({', '.join(map(number, values))})"
    )
