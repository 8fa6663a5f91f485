"""One layer a file; this list is the whole choice."""

from madaline.nn.layers.activation import Activation as Activation
from madaline.nn.layers.base import Backward as Backward
from madaline.nn.layers.base import Layer as Layer
from madaline.nn.layers.batch_normalization import BatchNormalization as BatchNormalization
from madaline.nn.layers.branches import Branches as Branches
from madaline.nn.layers.convolution import Convolution as Convolution
from madaline.nn.layers.dropout import Dropout as Dropout
from madaline.nn.layers.elu import ELU as ELU
from madaline.nn.layers.from_config import LAYERS as LAYERS
from madaline.nn.layers.from_config import layer_from_config as layer_from_config
from madaline.nn.layers.gelu import GELU as GELU
from madaline.nn.layers.identity import Identity as Identity
from madaline.nn.layers.leaky_relu import LeakyReLU as LeakyReLU
from madaline.nn.layers.leaky_silu import LeakySiLU as LeakySiLU
from madaline.nn.layers.linear import Linear as Linear
from madaline.nn.layers.max_pooling import MaxPooling as MaxPooling
from madaline.nn.layers.mean_pooling import MeanPooling as MeanPooling
from madaline.nn.layers.mish import Mish as Mish
from madaline.nn.layers.pooling import Pooling as Pooling
from madaline.nn.layers.relu import ReLU as ReLU
from madaline.nn.layers.scaled_linear import ScaledLinear as ScaledLinear
from madaline.nn.layers.selu import SELU as SELU
from madaline.nn.layers.sigmoid import Sigmoid as Sigmoid
from madaline.nn.layers.silu import SiLU as SiLU
from madaline.nn.layers.softplus import Softplus as Softplus
from madaline.nn.layers.tanh import Tanh as Tanh
