"""One fit, as it happens: what is given, its preparation, the race, the outcome, the findings."""

from madaline._models.fitting.fit import Fitting as Fitting
