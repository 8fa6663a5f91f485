"""Neural networks for tables that tune themselves: many networks, learning together."""

from __future__ import annotations

from functools import reduce
from importlib import import_module
from typing import TYPE_CHECKING, Any

from madaline._base.language import _
from madaline.version import __version__ as __version__

if TYPE_CHECKING:
    from madaline._apps.comparison import compare
    from madaline._apps.estimators import AdaptiveClassifier, AdaptiveRegressor
    from madaline._apps.estimators.from_file import load
    from madaline._apps.estimators.many import fit_many
    from madaline._apps.estimators.many_models import ManyModels
    from madaline._apps.estimators.online import OnlineClassifier, OnlineRegressor
    from madaline._apps.filling.imputer import Imputer
    from madaline._apps.neural_network import NeuralNetwork
    from madaline._apps.sampling import Sampler
    from madaline._models.model import FittedModel
    from madaline._tables.media.signals import sequences, sounds
    from madaline._tell.look.looking import look
    from madaline.nn.gradcheck import check_gradient, check_layer, check_loss, check_network

__all__ = [
    "AdaptiveClassifier",
    "AdaptiveRegressor",
    "FittedModel",
    "Imputer",
    "ManyModels",
    "NeuralNetwork",
    "OnlineClassifier",
    "OnlineRegressor",
    "Sampler",
    "check_gradient",
    "check_layer",
    "check_loss",
    "check_network",
    "compare",
    "fit_many",
    "load",
    "look",
    "sequences",
    "sounds",
]

_HOMES = {
    "AdaptiveClassifier": "madaline._apps.estimators:AdaptiveClassifier",
    "AdaptiveRegressor": "madaline._apps.estimators:AdaptiveRegressor",
    "FittedModel": "madaline._models.model:FittedModel",
    "Imputer": "madaline._apps.filling.imputer:Imputer",
    "ManyModels": "madaline._apps.estimators.many_models:ManyModels",
    "NeuralNetwork": "madaline._apps.neural_network:NeuralNetwork",
    "OnlineClassifier": "madaline._apps.estimators.online:OnlineClassifier",
    "OnlineRegressor": "madaline._apps.estimators.online:OnlineRegressor",
    "Sampler": "madaline._apps.sampling:Sampler",
    "check_gradient": "madaline.nn.gradcheck:check_gradient",
    "check_layer": "madaline.nn.gradcheck:check_layer",
    "check_loss": "madaline.nn.gradcheck:check_loss",
    "check_network": "madaline.nn.gradcheck:check_network",
    "compare": "madaline._apps.comparison:compare",
    "fit_many": "madaline._apps.estimators.many:fit_many",
    "load": "madaline._apps.estimators.from_file:load",
    "look": "madaline._tell.look.looking:look",
    "sequences": "madaline._tables.media.signals:sequences",
    "sounds": "madaline._tables.media.signals:sounds",
}


if not TYPE_CHECKING:  # unknown names are errors to who checks types

    def __getattr__(name: str) -> Any:
        # A name is imported when it is first asked for (PEP 562): `import madaline` costs nothing.
        if name not in _HOMES:
            raise AttributeError(_("module 'madaline' has no attribute {name!r}").format(name=name))
        module, __, path = _HOMES[name].partition(":")
        value = reduce(getattr, path.split("."), import_module(module))
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
