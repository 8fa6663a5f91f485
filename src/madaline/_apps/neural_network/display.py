"""What is shown of a network where it is printed, and in notebooks: its layers, its decisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

from madaline._apps.neural_network.decisions import CoachDecision
from madaline._apps.neural_network.parameters import Parameters
from madaline._apps.neural_network.settings import TrainingSettings
from madaline._base.language import _, translate
from madaline._base.words import format_count
from madaline.nn.arrays import Array
from madaline.nn.layers import Activation
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss, Poisson
from madaline.records._results.blocks import Charts, Paragraph, Section, TextTable
from madaline.records._results.diagram import Diagram
from madaline.records._results.result import Result, ToFrame
from madaline.records.history import Epoch


@final
@dataclass(frozen=True, eq=False)
class NetworkSummary:
    """A network in a few lines: its layers, how many parameters they have, and the loss."""

    parameters: Parameters
    activation: Activation  # of the hidden units
    loss: Loss
    losses: tuple[float | None, float | None]  # on training rows, and on rows held out
    epochs: int  # that it was trained for; those of a network from a file are not known
    columns: list[str] | None = None  # names of the inputs
    classes: Array | None = None

    def text(self) -> str:
        """Return the lines."""
        lines = [
            f"{name}: {shape}, {function}, {size}" for name, shape, function, size in self._layers()
        ]
        return "\n".join([self._title(), *(f"  {line}" for line in [*lines, *self._losses()])])

    def sections(self) -> Iterator[Section]:
        """Yield the picture, and a table with the same figures as the text."""
        heads = ["layer", "from → to", "activation", "parameters"]
        yield Section([Paragraph(self._title(), "medium"), Charts(network=self.diagram())])
        yield Section([TextTable(heads, [*self._layers()]), *map(Paragraph, self._losses())])

    def diagram(self) -> Diagram:
        """Return the picture as data."""
        captions = [shape.split(" → ")[1] for _, shape, _, _ in self._layers()]
        captions.insert(0, format_count(len(self.parameters.weights[0]), "input"))
        return Diagram.of(
            self.parameters.weights,
            self.parameters.biases,
            captions,
            inputs=self.columns,
            outputs=self._outputs(),
        )

    def _title(self) -> str:
        size = sum(array.size for array in self.parameters)
        trained = self.epochs > 0 or self.losses[0] is not None  # no loss yet while it is trained
        state = "trained" if trained else "not trained"
        state += (
            _(" for {epochs}").format(epochs=format_count(self.epochs, "epoch"))
            if self.epochs
            else ""
        )
        return _("NeuralNetwork with {parameters}, {state}").format(
            parameters=format_count(size, "parameter"), state=state
        )

    def _layers(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield the name of each layer, its shape, its activation, and its parameters."""
        last = len(self.parameters.weights) - 1
        for number, weights in enumerate(self.parameters.weights):
            name = "hidden"
            unit = "unit"
            function = repr(self.activation).removesuffix("()")
            if number == last:
                name = "output"
                unit = "output"
                function = _link(self.loss)
            inputs, outputs = weights.shape
            yield (
                _("{name} layer").format(name=name),
                f"{format_count(inputs, 'input')} → {format_count(outputs, unit)}",
                function,
                f"{format_count(weights.size, 'weight')} + "
                f"{format_count(outputs, 'bias', 'biases')}",
            )

    def _losses(self) -> Iterator[str]:
        """Yield a line with the losses, if they are known."""
        kinds = zip(self.losses, ("training", "held-out"), strict=True)
        known = [
            _("{value:.4f} on {kind} rows").format(value=value, kind=kind)
            for value, kind in kinds
            if value is not None
        ]
        if known:
            yield _("loss ({name}): {known}").format(
                name=type(self.loss).__name__, known=_(", ").join(known)
            )

    def _outputs(self) -> list[str] | None:
        """Return the class that each output is the probability of; None if there are none."""
        if self.classes is None:
            return None
        names = [str(label) for label in self.classes]
        return names[1:] if len(self.parameters.biases[-1]) == 1 else names


@final
class CoachDecisions(list[CoachDecision], Result, ToFrame):
    """What adaptive training decided, in order of epoch; printed, a sentence each."""

    def __getitem__(self, index: Any) -> Any:
        """Return one decision, or some as they are shown here."""
        chosen = super().__getitem__(index)
        return CoachDecisions(chosen) if isinstance(index, slice) else chosen

    def to_columns(self) -> dict[str, Any]:
        """Return the epoch, the action and the sentence."""
        names = ("epoch", "action", "sentence")
        return {name: [getattr(decision, name) for decision in self] for name in names}

    def __repr__(self) -> str:
        """Return a line for each."""
        lines = [
            _("epoch {epoch}: {sentence}").format(epoch=decision.epoch, sentence=decision.sentence)
            for decision in self
        ]
        return translate("\n".join(lines) or "(none)")

    def sections(self) -> Iterator[Section]:
        rows = [[f"{decision.epoch}", decision.sentence] for decision in self]
        told = TextTable(["epoch", "decision"], rows, right=(0,))
        yield Section([told if self else Paragraph("no decisions")])


def _link(loss: Loss) -> str:
    """Return what is applied to the sums of the last layer, in a word."""
    match loss:
        case BinaryCrossEntropy():
            return "sigmoid"
        case CrossEntropy():
            return "softmax"
        case Poisson():
            return "exp"
    return "no activation"


@final
class Log:
    """Prints the loss ten times, and every decision once its outcome is known, if verbose."""

    def __init__(
        self, settings: TrainingSettings, start: int, decisions: Sequence[CoachDecision]
    ) -> None:
        self._every = max(1, settings.epochs // 10) if settings.verbose else 0
        self._start = start
        self._decisions = decisions
        self._n_printed = len(decisions)

    def note(self, now: Epoch) -> None:
        """Print what there is to say of an epoch."""
        self.decisions(finished=False)
        if self._every and (now.epoch - self._start) % self._every == 0:
            other = now.validation_loss
            held_out = (
                "" if other is None else _(", on held-out rows {other:.4f}").format(other=other)
            )
            print(
                translate(
                    _("epoch {epoch}: loss {loss:.4f}{held_out}").format(
                        epoch=now.epoch, loss=now.loss, held_out=held_out
                    )
                )
            )

    def decisions(self, *, finished: bool) -> None:
        """Print the decisions whose outcome is known, in the end all of them."""
        for decision in self._decisions[self._n_printed :] if self._every else ():
            if decision.on_trial and not finished:
                return
            print(
                translate(
                    _("epoch {epoch}: {sentence}").format(
                        epoch=decision.epoch, sentence=decision.sentence
                    )
                )
            )
            self._n_printed += 1
