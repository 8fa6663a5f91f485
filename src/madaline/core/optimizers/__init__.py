"""One optimizer a file; this list is the whole choice."""

from madaline.core.optimizers.adam import Adam as Adam
from madaline.core.optimizers.base import Optimizer as Optimizer
from madaline.core.optimizers.base import StepSize as StepSize
from madaline.core.optimizers.base import weights_only as weights_only
from madaline.core.optimizers.gradient_descent import GradientDescent as GradientDescent
from madaline.core.optimizers.momentum import Momentum as Momentum
from madaline.core.optimizers.rms_prop import RMSProp as RMSProp
from madaline.core.optimizers.schedule_free import ScheduleFreeAdamW as ScheduleFreeAdamW
