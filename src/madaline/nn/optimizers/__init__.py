"""One optimizer a file; this list is the whole choice."""

from madaline.nn.optimizers.adam import Adam as Adam
from madaline.nn.optimizers.base import Optimizer as Optimizer
from madaline.nn.optimizers.base import StepSize as StepSize
from madaline.nn.optimizers.base import weights_only as weights_only
from madaline.nn.optimizers.gradient_descent import GradientDescent as GradientDescent
from madaline.nn.optimizers.schedule_free import ScheduleFreeAdamW as ScheduleFreeAdamW
