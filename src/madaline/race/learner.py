"""A learner is some networks of a cohort with all that their steps need, from epoch to epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from madaline.nn.gradients import GradientWriter
from madaline.nn.optimizers import StepSize
from madaline.nn.population import Population
from madaline.nn.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Learner:
    """Some networks of a cohort, ready to take steps (final).

    Parameters
    ----------
    members : Population
        Views of the networks.
    workspace : Workspace
        Where the arrays of a step come from.
    write_gradient : GradientWriter
        From a batch to the gradient.
    take_step : callable
        From the gradient to the next parameters, given the size of the step.
    size : StepSize
        How far a step goes.
    """

    members: Population
    workspace: Workspace
    write_gradient: GradientWriter
    take_step: Callable[[StepSize], None]
    size: StepSize
