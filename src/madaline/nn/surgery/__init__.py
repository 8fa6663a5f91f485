"""Surgery changes the layers of networks that have already learned, and keeps what they learned.

Widening changes no prediction: the outgoing weights of new units start at zero. The optimizer's
memory moves with the parameters, so that training goes on as before. Whole networks are chosen by
their rows: `Population.take`.
"""

from madaline.nn.surgery.least_squares import UnitRanking as UnitRanking
from madaline.nn.surgery.least_squares import rank_units as rank_units
from madaline.nn.surgery.units import hidden_layers as hidden_layers
from madaline.nn.surgery.units import prune as prune
from madaline.nn.surgery.units import take_output as take_output
from madaline.nn.surgery.units import units_of as units_of
from madaline.nn.surgery.units import widen as widen
