"""From the description of a layer in a file back to the layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from madaline.errors import ModelFileError
from madaline.nn.layers.base import Layer
from madaline.nn.layers.batch_normalization import BatchNormalization
from madaline.nn.layers.branches import Branches
from madaline.nn.layers.convolution import Convolution
from madaline.nn.layers.dropout import Dropout
from madaline.nn.layers.elu import ELU
from madaline.nn.layers.gelu import GELU
from madaline.nn.layers.identity import Identity
from madaline.nn.layers.leaky_relu import LeakyReLU
from madaline.nn.layers.leaky_silu import LeakySiLU
from madaline.nn.layers.linear import Linear
from madaline.nn.layers.max_pooling import MaxPooling
from madaline.nn.layers.mean_pooling import MeanPooling
from madaline.nn.layers.mish import Mish
from madaline.nn.layers.relu import ReLU
from madaline.nn.layers.scaled_linear import ScaledLinear
from madaline.nn.layers.selu import SELU
from madaline.nn.layers.sigmoid import Sigmoid
from madaline.nn.layers.silu import SiLU
from madaline.nn.layers.softplus import Softplus
from madaline.nn.layers.tanh import Tanh

# fmt: off
LAYERS: tuple[type[Layer], ...] = (
    BatchNormalization, Branches, Convolution, Dropout, ELU, GELU, Identity, LeakyReLU, LeakySiLU,
    Linear, MaxPooling, MeanPooling, Mish, ReLU, ScaledLinear, SELU, Sigmoid, SiLU, Softplus, Tanh,
)
# fmt: on
"""The layers that a file may name, and no others: nothing is looked up or imported by name."""

_BY_NAME = {layer.__name__: layer for layer in LAYERS}


def layer_from_config(config: Mapping[str, Any]) -> Layer:
    """Return the layer that `Layer.config` described.

    Parameters
    ----------
    config : mapping
        The layer's name under ``"layer"`` and its settings; lists stand for tuples, as in JSON.

    Returns
    -------
    Layer
        Initializers, which only matter before training, are the default ones.

    Raises
    ------
    ModelFileError
        If there is no such layer or it has no such settings.

    Examples
    --------
    >>> layer_from_config({"layer": "Linear", "in_features": 2, "out_features": 1})
    Linear(in_features=2, out_features=1)
    """
    name = config.get("layer")
    settings = {key: _decoded(value) for key, value in config.items() if key != "layer"}
    try:
        return _BY_NAME[str(name)](**settings)
    except KeyError:
        problem = f"no layer is called {name!r}"
    except TypeError:
        problem = f"{name} has other settings than {', '.join(settings) or 'none'}"
    raise ModelFileError(
        f"The description of a layer cannot be read ({problem}): "
        "use the version of madaline that wrote it, or a newer one."
    )


def _decoded(value: Any) -> Any:
    if type(value) is list and set(map(type, value)) <= {int, float}:  # often a thousand numbers
        return tuple(value)
    if isinstance(value, Mapping):
        return layer_from_config(value)
    if isinstance(value, list | tuple):
        return tuple(_decoded(item) for item in value)
    return value
