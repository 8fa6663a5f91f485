"""The network of the textbooks by the names of scikit-learn: fit, predict_proba, score, save."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from tokenize import TokenError
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from madaline._apps.neural_network.parameters import Parameters
from madaline._apps.neural_network.training import TrainedNetwork
from madaline._base.language import _
from madaline._base.method_names import name_methods
from madaline._base.words import format_list
from madaline.errors import InputError, ModelFileError
from madaline.nn.arrays import Array
from madaline.nn.layers import layer_from_config
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, loss_from_config

_OF_CLASSES = (BinaryCrossEntropy, CrossEntropy)  # losses whose predictions are probabilities
_BEFORE = "before "  # in a file, in names of what was before the rows held out were learned
_ABOUT = "about"  # in a file, the JSON text of what the arrays do not tell


@name_methods
class NeuralNetwork(TrainedNetwork):
    """A network of fully connected layers that is trained by gradient descent.

    Parameters
    ----------
    input_size : int
        Number of inputs.
    hidden_size : int or sequence of int
        Number of hidden units, or of each hidden layer.
    output_size : int
        Number of outputs: one for two classes or for a number, else one for each class.
    activation : Activation, default=Sigmoid()
        Activation of the hidden units.
    loss : Loss, optional
        What training minimizes. It decides what the outputs are. By default they are
        probabilities: with one output ``BinaryCrossEntropy()`` (sigmoid), with several
        ``CrossEntropy()`` (softmax). ``Squared()`` is for plain numbers.
    random_state : None, int, RandomState or Generator, default=None
        Where the initial weights come from; None draws from NumPy's global state, so that
        ``np.random.seed`` decides.

    Attributes
    ----------
    weights : list of ndarray of shape (in_features, out_features)
        Weights of each layer; writing changes the network.
    biases : list of ndarray of shape (out_features,)
        Biases of each layer; writing changes the network.
    classes_ : ndarray or None
        The classes, sorted, among the first labels that it was given.
    loss_, validation_loss_ : float or None
        Loss at the end of training, and on the rows held out, if there were some. Where they are
        learned in the end, `validation_loss_` is that of the network before.
    history_ : list of Epoch
        Loss and learning rate of every epoch.
    decisions_ : list of CoachDecision
        What adaptive training did, why, and what came of it.

    Examples
    --------
    >>> x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> y = np.array(["same", "different", "different", "same"])
    >>> network = NeuralNetwork(input_size=2, hidden_size=5, output_size=1, random_state=0)
    >>> network.train(x, y, epochs=1000, learning_rate=0.1)
    >>> network.predict(x)
    array(['same', 'different', 'different', 'same'], dtype='<U9')

    The same by hand, one epoch at a time:

    >>> y_pred = network.forward(x)
    >>> loss = network.loss(y, y_pred)
    >>> grads = network.backward(x, y, y_pred)
    >>> network.update_weights(grads, learning_rate=0.1)

    References
    ----------
    Rumelhart, Hinton and Williams (1986), "Learning representations by back-propagating errors",
    Nature 323.
    """

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike, **settings: Any) -> Self:
        """Train, from new weights if it was trained before.

        Parameters
        ----------
        X : array-like of shape (n_samples, input_size)
            The rows. Columns of a data frame are known by their names in later ones.
        y : array-like of shape (n_samples,) or (n_samples, output_size)
            Their labels of any kind, or numbers.
        **settings
            ``epochs``, ``learning_rate`` and the others of `train`.

        Returns
        -------
        self

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.pipeline import make_pipeline
        >>> from sklearn.preprocessing import StandardScaler
        >>> from madaline import NeuralNetwork
        >>> X, y = load_iris(return_X_y=True)
        >>> network = NeuralNetwork(input_size=4, hidden_size=5, output_size=3, random_state=0)
        >>> model = make_pipeline(StandardScaler(), network)
        >>> model.fit(X, y, neuralnetwork__epochs=200).score(X, y) > 0.9
        True
        """
        if self.history_ or self.loss_ is not None:  # a file has no history
            self._begin()
        self._columns = _names_of(X)
        self.train(X, y, **settings)
        return self

    def predict_proba(self, X: npt.ArrayLike) -> Array:
        """Return the probability of each class, shape (n_samples, n_classes).

        Several outputs that are not exclusive have a probability each.
        """
        if not isinstance(self._loss, _OF_CLASSES):
            raise InputError(
                "The network predicts numbers ({name}): call predict.",
                name=type(self._loss).__name__,
            )
        probabilities = np.atleast_2d(self.forward(X))
        if probabilities.shape[1] > 1:
            return probabilities
        return np.hstack([1 - probabilities, probabilities])

    def score(self, X: npt.ArrayLike, y: npt.ArrayLike) -> float:
        """Return the share of rows whose class is predicted right, or R² of numbers."""
        predicted, truth = self.predict(X), np.asarray(y)
        if predicted.shape != truth.shape:
            raise InputError(
                "y has the shape {shape}, but predictions have {wanted}: give each row its label or number.",
                shape=truth.shape,
                wanted=predicted.shape,
            )
        if isinstance(self._loss, _OF_CLASSES):
            return float(np.mean(predicted == truth))
        spread = np.square(truth - truth.mean(axis=0)).sum(axis=0)
        error = np.square(truth - predicted).sum(axis=0)
        return float(np.mean(1 - error / np.where(spread > 0, spread, 1)))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments, for scikit-learn's `clone`."""
        del deep
        return dict(self._given)

    def set_params(self, **arguments: Any) -> Self:
        """Change arguments, and begin with new weights."""
        unknown = [name for name in arguments if name not in self._given]
        if unknown:
            raise InputError(
                "{unknown!r} is no argument: there are {arguments}.",
                unknown=unknown[0],
                arguments=_(", ").join(map(repr, self._given)),
            )
        self._given |= arguments
        self._begin()
        return self

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write weights, biases and classes to a file that `load`, and ``numpy.load``, read.

        Parameters
        ----------
        path : path
            Where to write. An existing file is replaced only when the new one is complete.

        Raises
        ------
        InputError
            If there can be no file of that name.
        """
        about = {
            "activation": self._activation.config(),
            "loss": self._loss.config(),
            "losses": [self.loss_, self.validation_loss_],
            "columns": self._columns,
        }
        arrays = dict(zip(self._parameters.names, self._parameters, strict=True))
        before = self._before_all_rows
        if before is not None:
            arrays |= {f"{_BEFORE}{name}": a for name, a in zip(before.names, before, strict=True)}
        if self.classes_ is not None:
            arrays["classes"] = self.classes_
        content = BytesIO()
        path = Path(path)
        np.savez(content, allow_pickle=False, **{_ABOUT: np.array(json.dumps(about))}, **arrays)
        new = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            new.write_bytes(content.getvalue())
            new.replace(path)
        except OSError as error:
            with suppress(OSError):
                new.unlink()
            raise InputError(
                "{path} cannot be written ({strerror}): give the name of a file in an existing folder.",
                path=path,
                strerror=error.strerror,
            ) from None

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the network that `save` wrote; its history and decisions are not in the file.

        Parameters
        ----------
        path : path
            The file.

        Raises
        ------
        ModelFileError
            If there is no such file, or it is something else.

        Examples
        --------
        >>> from tempfile import TemporaryDirectory
        >>> from madaline import NeuralNetwork
        >>> network = NeuralNetwork(2, 3, 1, random_state=0)
        >>> with TemporaryDirectory() as folder:
        ...     network.save(f"{folder}/network.npz")
        ...     copy = NeuralNetwork.load(f"{folder}/network.npz")
        >>> bool((copy.forward([[1, 2]]) == network.forward([[1, 2]])).all())
        True
        """
        try:
            with Path(path).open("rb") as content, np.load(content, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            about = json.loads(str(arrays.pop(_ABOUT)))
            return cls._of_file(about, arrays)
        except FileNotFoundError:
            raise ModelFileError("There is no file {path}: check its name.", path=path) from None
        except OSError as error:
            raise ModelFileError(
                "{path} cannot be read ({strerror}): check its name.",
                path=path,
                strerror=error.strerror,
            ) from None
        except _OF_OTHER_FILES:
            raise ModelFileError(
                "{path} is not a network: give a file that `NeuralNetwork.save` wrote.", path=path
            ) from None

    @classmethod
    def _of_file(cls, about: dict[str, Any], arrays: dict[str, Array]) -> Self:
        n_layers = sum(name.startswith("weights") for name in arrays)
        weights = [arrays[f"weights[{number}]"] for number in range(n_layers)]
        if any(of_layer.ndim != 2 for of_layer in weights):
            raise ValueError("weights")
        activation: Any = layer_from_config(about["activation"])
        network = cls(
            input_size=len(weights[0]),
            hidden_size=[of_layer.shape[1] for of_layer in weights[:-1]],
            output_size=weights[-1].shape[1],
            activation=activation,
            loss=loss_from_config(about["loss"]),
            random_state=0,
        )
        _fill(network._parameters, arrays)
        if f"{_BEFORE}weights[0]" in arrays:
            network._before_all_rows = network._parameters.copy()
            _fill(network._before_all_rows, arrays, _BEFORE)
        network.classes_ = arrays.get("classes")
        network.loss_, network.validation_loss_ = about["losses"]
        network._columns = about.get("columns")
        network._check_described(weights[-1].shape[1])
        return network

    def _check_described(self, n_outputs: int) -> None:
        """Raise `ValueError` where classes, losses or columns of a file do not fit its weights."""
        classes, names = self.classes_, self._columns
        losses = (loss for loss in (self.loss_, self.validation_loss_) if loss is not None)
        if (
            not all(isinstance(loss, int | float) for loss in losses)
            or (classes is not None and classes.shape != (max(2, n_outputs),))
            or (
                names is not None
                and len(list(map(str.strip, names))) != len(self._parameters.weights[0])
            )
        ):
            raise ValueError("about")

    def _rows(self, x: Any, name: str = "x") -> Array:
        """Return rows of numbers; columns of a data frame come in the order of the fit."""
        if self._columns is not None and hasattr(x, "columns"):
            absent = [repr(column) for column in self._columns if column not in x.columns]
            if absent:
                raise InputError(
                    "{name} lacks {absent}, which the fit had: add what is missing.",
                    name=name,
                    absent=format_list(absent),
                )
            x = x[self._columns]
        return super()._rows(x, name)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags

        of_classes = isinstance(self._loss, _OF_CLASSES)
        return Tags(
            estimator_type="classifier" if of_classes else "regressor",
            target_tags=TargetTags(required=True),
            transformer_tags=None,
            classifier_tags=ClassifierTags() if of_classes else None,
            regressor_tags=None if of_classes else RegressorTags(),
            input_tags=InputTags(),
        )

    def __sklearn_is_fitted__(self) -> bool:
        return self.loss_ is not None


_OF_OTHER_FILES = (
    ValueError, LookupError, TypeError, AttributeError, EOFError, SyntaxError, TokenError,
    BadZipFile, MemoryError, NotImplementedError, RuntimeError, zlib.error,
)  # fmt: skip
"""What Python and NumPy raise when they read a file that is something else, or damaged."""


def _fill(parameters: Parameters, arrays: Mapping[str, Array], before: str = "") -> None:
    """Copy arrays of a file; `ValueError` if they are none of finite numbers in these shapes."""
    for name, array in zip(parameters.names, parameters, strict=True):
        given = arrays[f"{before}{name}"]
        if given.shape != array.shape or given.dtype.kind != "f" or not np.isfinite(given).all():
            raise ValueError(name)
        array[:] = given


def _names_of(X: Any) -> list[str] | None:
    """Return the names of the columns of a data frame; None if there are none."""
    names = list(getattr(X, "columns", ()))
    return names if names and all(isinstance(name, str) for name in names) else None
