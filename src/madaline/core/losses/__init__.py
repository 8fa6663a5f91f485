"""One loss a file; this list is the whole choice."""

from madaline.core.losses.absolute import Absolute as Absolute
from madaline.core.losses.base import Loss as Loss
from madaline.core.losses.binary_cross_entropy import BinaryCrossEntropy as BinaryCrossEntropy
from madaline.core.losses.cross_entropy import CrossEntropy as CrossEntropy
from madaline.core.losses.from_config import LOSSES as LOSSES
from madaline.core.losses.from_config import loss_from_config as loss_from_config
from madaline.core.losses.huber import Huber as Huber
from madaline.core.losses.poisson import Poisson as Poisson
from madaline.core.losses.quantile import Quantile as Quantile
from madaline.core.losses.squared import Squared as Squared
