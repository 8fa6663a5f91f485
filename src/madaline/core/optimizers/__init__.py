"""One optimizer a file; this list is the whole choice."""

from madaline.core.optimizers.base import Optimizer as Optimizer
from madaline.core.optimizers.base import StepSize as StepSize
from madaline.core.optimizers.base import weights_only as weights_only
from madaline.core.optimizers.schedule_free import ScheduleFreeAdamW as ScheduleFreeAdamW
