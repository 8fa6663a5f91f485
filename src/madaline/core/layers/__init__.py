"""One layer a file; this list is the whole choice."""

from madaline.core.layers.activation import Activation as Activation
from madaline.core.layers.base import Backward as Backward
from madaline.core.layers.base import Layer as Layer
from madaline.core.layers.batch_norm import BatchNorm as BatchNorm
from madaline.core.layers.dropout import Dropout as Dropout
from madaline.core.layers.elu import ELU as ELU
from madaline.core.layers.from_config import LAYERS as LAYERS
from madaline.core.layers.from_config import layer_from_config as layer_from_config
from madaline.core.layers.gelu import GELU as GELU
from madaline.core.layers.identity import Identity as Identity
from madaline.core.layers.layer_norm import LayerNorm as LayerNorm
from madaline.core.layers.leaky_relu import LeakyReLU as LeakyReLU
from madaline.core.layers.linear import Linear as Linear
from madaline.core.layers.mish import Mish as Mish
from madaline.core.layers.relu import ReLU as ReLU
from madaline.core.layers.residual import Residual as Residual
from madaline.core.layers.rms_norm import RMSNorm as RMSNorm
from madaline.core.layers.scale import Scale as Scale
from madaline.core.layers.scaled_linear import ScaledLinear as ScaledLinear
from madaline.core.layers.selu import SELU as SELU
from madaline.core.layers.sigmoid import Sigmoid as Sigmoid
from madaline.core.layers.silu import SiLU as SiLU
from madaline.core.layers.softplus import Softplus as Softplus
from madaline.core.layers.tanh import Tanh as Tanh
