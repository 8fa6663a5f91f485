"""A layer passes its input forward and a gradient back; this list is the whole choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from madaline._base.language import _
from madaline.errors import ModelFileError
from madaline.nn.layers._activations import ELU as ELU
from madaline.nn.layers._activations import GELU as GELU
from madaline.nn.layers._activations import SELU as SELU
from madaline.nn.layers._activations import Activation as Activation
from madaline.nn.layers._activations import LeakyReLU as LeakyReLU
from madaline.nn.layers._activations import LeakySiLU as LeakySiLU
from madaline.nn.layers._activations import Mish as Mish
from madaline.nn.layers._activations import ReLU as ReLU
from madaline.nn.layers._activations import Sigmoid as Sigmoid
from madaline.nn.layers._activations import SiLU as SiLU
from madaline.nn.layers._activations import Softplus as Softplus
from madaline.nn.layers._activations import Tanh as Tanh
from madaline.nn.layers._base import Backward as Backward
from madaline.nn.layers._base import Identity as Identity
from madaline.nn.layers._base import Layer as Layer
from madaline.nn.layers._branches import Branches as Branches
from madaline.nn.layers._convolution import Convolution as Convolution
from madaline.nn.layers._linear import Linear as Linear
from madaline.nn.layers._linear import ScaledLinear as ScaledLinear
from madaline.nn.layers._pooling import MaxPooling as MaxPooling
from madaline.nn.layers._pooling import MeanPooling as MeanPooling
from madaline.nn.layers._pooling import Pooling as Pooling
from madaline.nn.layers._training import BatchNormalization as BatchNormalization
from madaline.nn.layers._training import Dropout as Dropout
from madaline.nn.layers._trees import Trees as Trees

# The layers that a file may name, and no others: nothing is looked up or imported by name
# fmt: off
LAYERS: tuple[type[Layer], ...] = (
    BatchNormalization, Branches, Convolution, Dropout, ELU, GELU, Identity, LeakyReLU, LeakySiLU,
    Linear, MaxPooling, MeanPooling, Mish, ReLU, ScaledLinear, SELU, Sigmoid, SiLU, Softplus, Tanh,
    Trees,
)
# fmt: on

_BY_NAME = {layer.__name__: layer for layer in LAYERS}


def layer_from_config(config: Mapping[str, Any]) -> Layer:
    """Return the layer that `Layer.config` described.

    >>> layer_from_config({"layer": "Linear", "in_features": 2, "out_features": 1})
    Linear(in_features=2, out_features=1)
    """
    name = config.get("layer")
    settings = {key: _decoded(value) for key, value in config.items() if key != "layer"}
    try:
        return _BY_NAME[str(name)](**settings)
    except KeyError:
        problem = _("no layer is called {name!r}").format(name=name)
    except TypeError:
        problem = _("{name} has other settings than {settings}").format(
            name=name, settings=", ".join(settings) or "none"
        )
    raise ModelFileError(
        "The description of a layer cannot be read ({problem}): use the version of madaline that wrote it, or a newer one.",
        problem=problem,
    )


def _decoded(value: Any) -> Any:
    if type(value) is list and set(map(type, value)) <= {int, float}:  # often a thousand numbers
        return tuple(value)
    if isinstance(value, Mapping):
        return layer_from_config(value)
    if isinstance(value, list | tuple):
        return tuple(_decoded(item) for item in value)
    return value
