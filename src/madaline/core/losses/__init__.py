"""One loss a file; this list is the whole choice."""

from madaline.core.losses.base import Loss as Loss
from madaline.core.losses.binary_cross_entropy import BinaryCrossEntropy as BinaryCrossEntropy
from madaline.core.losses.cross_entropy import CrossEntropy as CrossEntropy
from madaline.core.losses.squared import Squared as Squared
