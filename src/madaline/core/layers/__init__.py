"""One layer a file; this list is the whole choice."""

from madaline.core.layers.base import Backward as Backward
from madaline.core.layers.base import Layer as Layer
from madaline.core.layers.linear import Linear as Linear
from madaline.core.layers.scaled_linear import ScaledLinear as ScaledLinear
from madaline.core.layers.silu import SiLU as SiLU
