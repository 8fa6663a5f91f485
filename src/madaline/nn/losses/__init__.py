"""A loss measures how wrong an output is; this list is the whole choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from madaline._base.language import _
from madaline.errors import ModelFileError
from madaline.nn.losses._base import Loss as Loss
from madaline.nn.losses._classification import BinaryCrossEntropy as BinaryCrossEntropy
from madaline.nn.losses._classification import CrossEntropy as CrossEntropy
from madaline.nn.losses._regression import Absolute as Absolute
from madaline.nn.losses._regression import Huber as Huber
from madaline.nn.losses._regression import Poisson as Poisson
from madaline.nn.losses._regression import Quantile as Quantile
from madaline.nn.losses._regression import Quantiles as Quantiles
from madaline.nn.losses._regression import Squared as Squared

# The losses that a file may name, and no others: nothing is looked up or imported by name
# fmt: off
LOSSES: tuple[type[Loss], ...] = (
    Absolute, BinaryCrossEntropy, CrossEntropy, Huber, Poisson, Quantile, Quantiles, Squared,
)
# fmt: on


def loss_from_config(config: Mapping[str, Any]) -> Loss:
    """Return the loss that `Loss.config` described.

    >>> loss_from_config({"loss": "Huber", "delta": 2.0})
    Huber(delta=2.0)
    """
    name = config.get("loss")
    settings = {key: value for key, value in config.items() if key != "loss"}
    try:
        return {loss.__name__: loss for loss in LOSSES}[str(name)](**settings)
    except KeyError:
        problem = _("no loss is called {name!r}").format(name=name)
    except TypeError:
        problem = _("{name} has other settings than {settings}").format(
            name=name, settings=", ".join(settings) or "none"
        )
    raise ModelFileError(
        "The description of a loss cannot be read ({problem}): use the version of madaline that wrote it, or a newer one.",
        problem=problem,
    )
