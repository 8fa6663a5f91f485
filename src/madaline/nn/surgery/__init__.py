"""Surgery changes the layers of networks that have already learned, and keeps what they learned.

Growing changes nothing that the network says: what is added starts without a voice. The optimizer's
memory moves with the parameters, so that training goes on as if nothing had happened. Whole
networks are dropped and cloned by choosing rows: `Population.drop`, `Population.clone`.
"""

from madaline.nn.surgery.deepening import deepen as deepen
from madaline.nn.surgery.least_squares import UnitRanking as UnitRanking
from madaline.nn.surgery.least_squares import least_squares_prune as least_squares_prune
from madaline.nn.surgery.least_squares import rank_units as rank_units
from madaline.nn.surgery.pruning import prune as prune
from madaline.nn.surgery.units import hidden_layers as hidden_layers
from madaline.nn.surgery.units import units_of as units_of
from madaline.nn.surgery.widening import widen as widen
