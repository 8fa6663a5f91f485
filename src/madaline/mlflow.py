"""Models and fits in MLflow: models are kept as files of madaline, fits recorded epoch by epoch.

A model that is logged is loaded without pickle, and predicts frames as a ``pyfunc``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from importlib.metadata import distribution, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, final

import numpy as np

from madaline._base.extras import load_extra
from madaline._base.words import format_list, warn
from madaline._tables.io.recognition import is_null
from madaline._tables.kinds.kind import DATETIME, NUMBER, TEXT, ColumnSchema
from madaline.errors import InputError
from madaline.records.history import Record
from madaline.version import __version__

_FLAVOR = "madaline"
_METHODS = ("predict", "predict_proba", "predict_interval", "predict_set")
_EXAMPLE_ROWS = 5


def save_model(
    model: Any,
    path: str | Path,
    *,
    signature: Any = None,
    input_example: Any = None,
    mlflow_model: Any = None,
    **more: Any,
) -> None:
    """Write a fitted estimator to a folder, as an MLflow model.

    Parameters
    ----------
    model : AdaptiveClassifier, AdaptiveRegressor, OnlineClassifier, OnlineRegressor or ManyModels
        The estimator. A copy of madaline goes with it where it is not installed from an index.
    path : path
        The folder, which must not exist or be empty.
    signature : mlflow.models.ModelSignature, optional
        Columns and outputs; by default those of the fit. Whole numbers may be missing, and
        categories of any type, unless the example shows that all are texts.
    input_example : data frame or array, optional
        Some rows, which are kept with the model.
    mlflow_model : mlflow.models.Model, optional
        The model that MLflow is about to write.
    **more
        For ``mlflow.pyfunc.save_model``, such as ``pip_requirements`` and ``metadata``.

    Raises
    ------
    InputError
        If the model is none that madaline writes to a file.
    """
    from madaline._apps.estimators.base import AdaptiveEstimator
    from madaline._apps.estimators.many_models import ManyModels
    from madaline._apps.estimators.online_base import OnlineEstimator

    if not isinstance(model, AdaptiveEstimator | OnlineEstimator | ManyModels):
        raise InputError(
            "model is a {name}: give a fitted AdaptiveClassifier, AdaptiveRegressor, OnlineClassifier, OnlineRegressor or ManyModels.",
            name=type(model).__name__,
        )
    mlflow = _load_mlflow()
    mlflow_model = mlflow_model or mlflow.models.Model()
    mlflow_model.signature = signature or _signature(model, input_example)
    mlflow_model.add_flavor(_FLAVOR, data="data/model.madaline", madaline_version=__version__)
    if not more.keys() & {"pip_requirements", "conda_env"}:
        more = _requirements() | more
    with TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.madaline")
        mlflow.pyfunc.save_model(
            path,
            loader_module=__name__,
            data_path=str(Path(folder) / "model.madaline"),
            mlflow_model=mlflow_model,
            # Without an example MLflow warns of a signature, and with one it checks it.
            signature=None if input_example is None else mlflow_model.signature,
            input_example=input_example,
            **more,
        )


def log_model(model: Any, name: str = "model", **more: Any) -> Any:
    """Log a fitted estimator to the active run of MLflow, or a new one.

    Parameters
    ----------
    model : AdaptiveClassifier, AdaptiveRegressor, OnlineClassifier, OnlineRegressor or ManyModels
        The estimator.
    name : str, default="model"
        Of the model in MLflow.
    **more
        As for `save_model`, and for ``mlflow.models.Model.log``, such as ``registered_model_name``.

    Returns
    -------
    mlflow.models.model.ModelInfo
        Its ``model_uri`` is what `load_model` and ``mlflow.pyfunc.load_model`` take.

    Examples
    --------
    >>> import mlflow, madaline.mlflow  # doctest: +SKIP
    >>> from sklearn.datasets import load_iris
    >>> from madaline import AdaptiveClassifier
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = AdaptiveClassifier(effort=10, random_state=0).fit(X, y)
    >>> info = madaline.mlflow.log_model(model, input_example=X.head())  # doctest: +SKIP
    >>> served = mlflow.pyfunc.load_model(info.model_uri)  # doctest: +SKIP
    >>> served.predict(X.head(), params={"method": "predict_proba"}).shape  # doctest: +SKIP
    (5, 3)
    """
    this = sys.modules[__name__]
    return _load_mlflow().models.Model.log(None, this, name=name, model=model, **more)


def load_model(model_uri: str) -> Any:
    """Return the estimator that `log_model` or `save_model` wrote, as `madaline.load` does.

    Parameters
    ----------
    model_uri : str
        Such as ``"models:/name/1"``, ``"runs:/.../model"``, or a folder.
    """
    from madaline._apps.estimators.from_file import load

    mlflow = _load_mlflow()
    folder = mlflow.artifacts.download_artifacts(artifact_uri=model_uri)
    flavors = mlflow.models.Model.load(folder).flavors
    if _FLAVOR not in flavors:
        raise InputError(
            "{model_uri} holds a model of {value}, not one that madaline.mlflow.log_model wrote.",
            model_uri=model_uri,
            value=format_list([*flavors]),
        )
    return load(Path(folder) / flavors[_FLAVOR]["data"])


def autolog(
    *, log_models: bool = True, log_input_examples: bool = False, disable: bool = False
) -> None:
    """Record each later fit of an `AdaptiveClassifier` or `AdaptiveRegressor` in MLflow.

    A run gets the arguments of the estimator, after each epoch the loss of the leading recipe, the
    lowest loss so far and the number of recipes that race, and at the end the out-of-fold scores
    with standard errors and baselines, the story of the fit, and the model. It is the active run,
    or a new one; within a run that has a fit, a nested one. Where MLflow fails, the fit goes on,
    with a warning.

    Parameters
    ----------
    log_models : bool, default=True
        Whether models are kept.
    log_input_examples : bool, default=False
        Whether a model is kept with the first rows of `X`, where that is a frame of pandas or an
        array.
    disable : bool, default=False
        Whether fits are no longer recorded.
    """
    from madaline._apps.estimators.base import AdaptiveEstimator

    _load_mlflow()  # if it is missing, better now than in the first fit

    original = getattr(AdaptiveEstimator.fit, "_unrecorded", AdaptiveEstimator.fit)
    if disable:
        AdaptiveEstimator.fit = original  # type: ignore[method-assign]
        return

    @wraps(original)
    def fit(self: Any, X: Any, *arguments: Any, on_epoch: Any = None, **named: Any) -> Any:
        recorder = _Recorder(on_epoch)
        recorder.start(self)
        try:
            original(self, X, *arguments, on_epoch=recorder.end_epoch, **named)
            recorder.end(self, X if log_models else None, log_input_examples)
        except BaseException:
            recorder.close("FAILED")
            raise
        recorder.close("FINISHED")
        return self

    fit._unrecorded = original  # type: ignore[attr-defined]
    AdaptiveEstimator.fit = fit  # type: ignore[method-assign]


@final
class _Recorder:
    """Writes one fit to a run of MLflow; if that fails, it warns once and writes no more."""

    def __init__(self, on_epoch: Callable[[Record], object] | None) -> None:
        self._on_epoch = on_epoch
        self._works = True
        self._started = False  # whether the run is ended here

    def start(self, estimator: Any) -> None:
        """Write the arguments of the estimator to the active run, or a new one."""
        import mlflow

        self._write(self._start_run)
        self._write(mlflow.set_tag, "estimator_name", type(estimator).__name__)
        self._write(mlflow.log_params, estimator.get_params(deep=False))

    def end_epoch(self, record: Record) -> object:
        """Write the losses of an epoch, and call the user's function."""
        import mlflow

        losses = {"loss": record.loss, "best_loss": record.best_loss, "racing": record.racing}
        self._write(mlflow.log_metrics, losses, step=record.epoch, synchronous=False)
        return None if self._on_epoch is None else self._on_epoch(record)

    def end(self, estimator: Any, X: Any, keeps_example: bool) -> None:
        """Write scores, the story, and the model unless `X` is None."""
        import mlflow

        scores: dict[str, float] = {}
        for score in estimator.scores_:
            numbers = {"": score.value, "_standard_error": score.standard_error}
            numbers |= {"_baseline": score.baseline, "_out_of_fold": score.out_of_fold}
            scores |= {f"{score.metric}{part}": value for part, value in numbers.items()}
        self._write(mlflow.log_metrics, scores)
        self._write(mlflow.log_text, str(estimator.story(full=True)), "story.txt")
        if X is not None:
            example = _first_rows(X)
            settings = {"input_example": example} if keeps_example and example is not None else {}
            signature = _signature(estimator, example)
            self._write(log_model, estimator, signature=signature, **settings)

    def close(self, status: str) -> None:
        """End the run that was started here."""
        import mlflow

        if self._started:
            self._write(mlflow.flush_async_logging)
            mlflow.end_run(status)

    def _start_run(self) -> None:
        import mlflow

        active = mlflow.active_run()
        params = () if active is None else mlflow.get_run(active.info.run_id).data.params
        if active is None or "effort" in params:
            mlflow.start_run(nested=active is not None)
            self._started = True

    def _write(self, write: Callable[..., object], *arguments: Any, **named: Any) -> None:
        if not self._works:
            return
        try:
            write(*arguments, **named)
        except Exception as error:
            self._works = False
            warn("MLflow records no more of this fit: {error}", error=error)


@final
@dataclass(frozen=True)
class _Served:
    """What ``mlflow.pyfunc`` calls: an estimator from its file."""

    estimator: Any

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """Return what the method in `params` returns for some rows, by default `predict`."""
        method = (params or {}).get("method", "predict")
        able = [name for name in _METHODS if hasattr(self.estimator, name)]
        if method not in able:
            raise InputError(
                "method is {method!r}: it is one of {able}.", method=method, able=format_list(able)
            )
        return getattr(self.estimator, method)(data)

    def get_raw_model(self) -> Any:
        """Return the estimator."""
        return self.estimator


def _load_pyfunc(path: str) -> _Served:
    """Return what MLflow calls, given the file in a model's folder."""
    from madaline._apps.estimators.from_file import load

    return _Served(load(path))


def _load_mlflow() -> Any:
    return load_extra("mlflow", extra="mlflow", purpose="madaline.mlflow")


def _requirements() -> dict[str, Any]:
    """Return what a model needs elsewhere: packages, and this code where no index has it."""
    package = distribution("madaline")
    needed = [needs for needs in package.requires or () if "extra ==" not in needs]
    names = [re.split(r"[^\w.-]", needs, maxsplit=1)[0] for needs in needed]
    pins = [f"{name}=={version(name)}" for name in names]
    if package.read_text("direct_url.json") is None:
        return {"pip_requirements": [f"madaline=={__version__}", *pins]}
    return {"pip_requirements": pins, "code_paths": [str(Path(__file__).parent)]}


def _first_rows(X: Any) -> Any:
    """Return the first rows of a frame of pandas or an array; None of other tables."""
    if hasattr(X, "iloc"):
        return X.head(_EXAMPLE_ROWS)
    return X[:_EXAMPLE_ROWS] if isinstance(X, np.ndarray) and X.ndim == 2 else None


def _signature(model: Any, example: Any) -> Any:
    """Return columns and outputs as MLflow describes them; None where a model has no columns."""
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    params = ParamSchema([ParamSpec("method", "string", "predict")])
    names = getattr(model, "feature_names_in_", None)
    if names is None and not isinstance(example, np.ndarray):
        return None
    if names is None:
        inferred = infer_signature(example, model.predict(example))
        return ModelSignature(inferred.inputs, inferred.outputs, params)
    kinds = {column.name: column for column in _columns_of(model)}
    frame = example if hasattr(example, "iloc") else None
    inputs = [
        ColSpec(
            _type_of(kinds.get(name), None if frame is None else frame[name]),
            name,
            required=name not in kinds or kinds[name].kept,
        )
        for name in names
    ]
    rows = {name: [None] for name in names} if frame is None else frame
    outputs = infer_signature(None, model.predict(rows)).outputs
    return ModelSignature(Schema(inputs), outputs, params)


def _columns_of(model: Any) -> tuple[ColumnSchema, ...]:
    fitted = getattr(model, "model_", None)
    return () if fitted is None else fitted.schema.columns


def _type_of(column: ColumnSchema | None, values: Any) -> Any:
    """Return the type of a column in MLflow, where any value may be missing.

    Whole numbers are of any type: MLflow lets none of them be missing, and takes none for
    fractions.
    """
    from mlflow.types.schema import AnyType, DataType

    kind = None if column is None or column.written is not None else column.kind
    if column is not None and kind == NUMBER and not column.whole:
        return DataType.double
    if kind == TEXT:
        return DataType.string
    dtype = getattr(values, "dtype", None)
    if getattr(dtype, "kind", "") == "b":
        return DataType.boolean
    if kind == DATETIME and getattr(dtype, "kind", "") == "M" and not getattr(dtype, "tz", None):
        return DataType.datetime
    # MLflow takes categories of pandas for no strings.
    are_objects = values is not None and getattr(dtype, "name", "") != "category"
    if are_objects and all(isinstance(value, str) or is_null(value) for value in values):
        return DataType.string
    return AnyType()
