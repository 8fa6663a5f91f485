"""One loss a file; this list is the whole choice."""

from madaline.nn.losses.absolute import Absolute as Absolute
from madaline.nn.losses.base import Loss as Loss
from madaline.nn.losses.binary_cross_entropy import BinaryCrossEntropy as BinaryCrossEntropy
from madaline.nn.losses.cross_entropy import CrossEntropy as CrossEntropy
from madaline.nn.losses.from_config import LOSSES as LOSSES
from madaline.nn.losses.from_config import loss_from_config as loss_from_config
from madaline.nn.losses.huber import Huber as Huber
from madaline.nn.losses.poisson import Poisson as Poisson
from madaline.nn.losses.quantile import Quantile as Quantile
from madaline.nn.losses.quantiles import Quantiles as Quantiles
from madaline.nn.losses.squared import Squared as Squared
