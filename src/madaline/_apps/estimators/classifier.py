"""A classifier that finds its own networks."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, cast

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from madaline._apps.estimators.base import AdaptiveEstimator
from madaline._apps.estimators.counted_rows import CountedRows
from madaline._apps.estimators.typed_bases import ClassifierMixin
from madaline._base.method_names import name_methods
from madaline._base.words import warn
from madaline._models.arguments import (
    booleans_of,
    computed,
    read_indicators,
    read_names,
    read_targets,
)
from madaline._tables.io.frames import frame_of
from madaline._tables.target import (
    ClassEncoder,
    JointEncoder,
    check_learnable,
    checked_probabilities,
    holds_probabilities,
    labels_of,
)
from madaline.errors import InputError
from madaline.nn.arrays import Array

if TYPE_CHECKING:
    from madaline._models.fitting import Fitting
    from madaline._models.model import FittedModel
    from madaline._race.evaluation.objective import Objective


@name_methods
class AdaptiveClassifier(ClassifierMixin, AdaptiveEstimator):
    """Neural networks that find their own regularization, encoding and stopping point.

    Several recipes race side by side, each with one network a fold. Every row is predicted by
    networks that did not learn from it; these out-of-fold predictions decide which recipes stay,
    when to stop and how to combine the best, and give an honest score. There is nothing to scale,
    encode, impute or tune beforehand.

    Parameters
    ----------
    metric : str or callable, optional
        What chooses recipes, stopping points and the ensemble, instead of the log loss that the
        networks minimize: ``"accuracy"``, ``"balanced_accuracy"``, ``"roc_auc"``,
        ``"average_precision"``, ``"f1"``, ``"matthews_corrcoef"`` or ``"brier"`` as in
        scikit-learn, of several classes the mean over each against the others; or a function of the
        labels and the probabilities, of shape (n_samples, n_classes), whose values are the higher
        the better. For a metric of decisions the `threshold` is tuned, too. Its score flatters, the
        more the fewer rows decide about it, such as those of a rare class, because it was chosen
        by.
    class_weight : "balanced" or mapping of label to float, optional
        Weight of the rows of each class in training, beside `sample_weight`. ``"balanced"`` gives
        all classes the same weight, which raises the recall of rare ones and lowers the precision;
        probabilities are then those for classes that are equally frequent. `scores_` are about the
        rows as they are.
    threshold : float, optional
        Of two classes, `predict` returns the second one (``classes_[1]``) where its probability is
        above. None tunes it on out-of-fold probabilities for a `metric` of decisions (``"f1"``,
        ``"balanced_accuracy"``, ``"matthews_corrcoef"``) or for `costs`, if that improves the
        metric on folds that it was not tuned on; otherwise it is one half. `predict_proba` does not
        depend on it, and `set_threshold` changes it later.
    costs : array-like of shape (2, 2), optional
        Cost of a row of each true class (down) where each class is predicted (across), such as
        ``[[0, 1], [5, 0]]`` if it is five times as bad to miss the second class as to predict it
        wrongly. The threshold is tuned for the lowest mean cost.
    preset : str, default="balanced"
        ``"quick"`` takes less time for a higher loss, ``"best"`` more for a lower one
        (`docs/budgets.md`).
    members : str, default="all"
        Boosted trees grow on the same folds, too, and join the ensemble where that lowers the
        out-of-fold loss by more than chance explains; `decisions_` say so. With ``"networks"``
        none are grown (`docs/budgets.md`).
    effort : int, default=100
        The most epochs of any network. They mostly stop earlier, when the out-of-fold loss is flat.
    time_limit : float, optional
        Seconds that `fit` may take, on the clock of the wall. At least one recipe is trained for an
        epoch; scores, calibration and diagnosis are included; `decisions_` say what was left out.
        The networks then depend on the clock: the same seed no longer gives the same bits.
    kinds : mapping of str to str, optional
        The kinds of some columns, where their values are misleading: ``"number"``,
        ``"category"``, ``"boolean"``, ``"datetime"``, ``"text"``, ``"image"``, ``"sequence"``,
        ``"sound"`` or ``"dropped"``. For example ``{"zip": "category"}``; the columns of an array
        are called ``x0``, ``x1``, ... How text is read may stand behind the kind:
        ``"number:decimal-comma"`` or ``"number:decimal-point"``, ``"datetime:day-first"`` or
        ``"datetime:month-first"``.
    missing : sequence of str or float, optional
        Words and numbers that stand for missing values in every column, such as ``["tbc", -999]``,
        beside those that are known (`docs/reading.md`).
    monotone : mapping of str to {1, 0, -1}, optional
        Columns with which the probability of the second of two classes never
        falls (1) or never rises (-1), for example ``{"age": 1, "debt": -1}``.
    root : path, optional
        The folder that image and sound files named in columns must be in, or below; others are
        refused. Give it where a stranger may have written the table; by default, all are opened.
    random_state : int, RandomState or None, default=None
        Seed of every random number. The same integer gives the same networks to the bit, on any
        number of processors.
    n_jobs : int, optional
        Number of processors that train and predict; None is one, -1 is all. Long fits start as many
        processes, large tables are predicted by as many threads.
    executor : str, distributed.Client or None, default=None
        What trains instead, on other machines as well; `n_jobs` then counts for predictions.
        ``"ray"`` or ``"dask"`` for processes of this machine, ``"ray://host:10001"``,
        ``"dask://host:8786"``, or a client of Dask (`docs/scale.md`). By default the cluster of an
        active ``joblib.parallel_config("dask")`` or ``("ray")`` trains long fits. The networks are
        the same to the bit.
    memory_limit : int or str, optional
        How much memory the process may take in all: bytes, or a size such as ``"2GB"``; by default
        what it takes now and three quarters of what the machine or the container has free. A fit
        that would take more gets a cheaper plan, with a `MemoryWarning`, or is refused.
    keep_rows : int, default=0
        How many training rows the model, and its file, may hold for `update`: a random sample.
    verbose : int, default=0
        1 shows epoch, loss and time in one line that is drawn over; 2 also prints every decision.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted; where `y` is a matrix of several labels, the numbers of its columns;
        where it holds probabilities, the names of its columns in their order, or their numbers.
    model_ : FittedModel
        The networks, with their encoder; `save` writes it.
    scores_ : tuple of Score
        Out-of-fold accuracy and log loss, each with its standard error and what a constant reaches;
        with `class_weight` also the balanced accuracy, and first of all a `metric`. Of several
        labels first subset accuracy, micro and macro F1, then means. They count each
        row by its `sample_weight` alone, as `score` does.
    oof_score_ : float
        Out-of-fold accuracy, each row by the networks of its fold alone. What to expect of `score`
        on new rows is in `scores_`: there, all folds predict together.
    oof_proba_ : ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
        Class probabilities of every training row by networks that did not learn from it, in the
        order of `X`; NaN for rows of weight zero and rows that no fold holds out.
    label_quality_ : ndarray of shape (n_samples,)
        Probability of every training row's own label by networks that did not learn from it: the
        lower, the more suspicious the label; NaN where `oof_proba_` is. Neither this nor
        `label_suspects_` is there where several labels are predicted, or `y` holds probabilities.
    label_suspects_ : int ndarray of shape (n_suspects,)
        Numbers of the rows of `X` whose label may be wrong by confident learning, the most
        suspicious first. Hard rows are among them; `diagnosis_` says whether labels seem to be
        wrong at all, and about how many.
    diagnosis_ : Diagnosis
        Problems of the fit, certain or possible, each with evidence and remedy: ``print`` it.
    decisions_ : tuple of Decision
        What was decided, when and why; ``decisions_[0].sentence`` is it in words.
    history_ : History
        One entry for each epoch of each recipe: a dict of columns, of which
        ``history_.to_frame("pandas")`` or ``"polars"`` makes a table.
    quality_ : ClassificationQuality
        How good the out-of-fold predictions are, in counts and curves: what is taken for what,
        ROC curves, calibration, coverage of sets.
    background_ : Table
        Up to 100 random rows of `X` that `explain` compares with; the file of `save` has none.
    sampled_rows_ : ndarray of shape (n_sampled,)
        Where `X` was read block by block, the rows that were drawn and evaluated, by their numbers:
        out-of-fold attributes are of these.
    n_iter_ : int
        Epochs that the race took.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where `X` was a data frame.

    See Also
    --------
    AdaptiveRegressor : The same for numbers.
    madaline.load : Read a saved model.

    Notes
    -----
    Data frames of pandas, polars, pyarrow and other libraries (`docs/neighbors.md`), arrays and
    sparse matrices are understood, with numbers, text, categories, booleans, dates and missing
    values. Columns that cannot help (constant, empty, an identifier) are left out;
    ``print(model_.schema)`` says which and why.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from madaline import AdaptiveClassifier
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = AdaptiveClassifier(effort=10, random_state=0).fit(X, y)
    >>> bool(model.oof_score_ > 0.9)
    True
    >>> model.predict(X.iloc[[0, 50, 100]])
    array([0, 1, 2])
    >>> model.predict_proba(X.iloc[[0, 50, 100]]).shape
    (3, 3)

    Several labels, 0 or 1, are predicted together:

    >>> labels = (X[["petal length (cm)", "sepal width (cm)"]] > 3).astype(int)
    >>> model = AdaptiveClassifier(effort=10, random_state=0).fit(X.iloc[:, [0, 3]], labels)
    >>> model.predict(X.iloc[[0, 100], [0, 3]]).shape
    (2, 2)

    The probabilities of another model, a column for each class, are learned as they are:

    >>> import pandas as pd
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> forest = RandomForestClassifier(20, random_state=0).fit(X, y)
    >>> names = ["setosa", "versicolor", "virginica"]
    >>> probabilities = pd.DataFrame(forest.predict_proba(X), columns=names)
    >>> model = AdaptiveClassifier(effort=10, random_state=0).fit(X, probabilities, time=False)
    >>> model.predict(X.iloc[[0, 100]])
    array(['setosa', 'virginica'], dtype='<U10')
    """

    classes_: Array

    _task: ClassVar[str] = "classification"
    _metrics_of_score: ClassVar[tuple[str, ...]] = ("accuracy", "subset_accuracy")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def __init__(
        self,
        *,
        metric: str | Callable[[Array, Array], float] | None = None,
        class_weight: Literal["balanced"] | Mapping[Any, float] | None = None,
        threshold: float | None = None,
        costs: Any = None,
        preset: Literal["quick", "balanced", "best"] = "balanced",
        members: Literal["all", "networks"] = "all",
        effort: int = 100,
        time_limit: float | None = None,
        kinds: Mapping[str, str] | None = None,
        missing: Sequence[str | float] | None = None,
        monotone: Mapping[str, int] | None = None,
        root: str | os.PathLike[str] | None = None,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
        executor: Any = None,
        memory_limit: int | str | None = None,
        keep_rows: int = 0,
        verbose: int = 0,
    ) -> None:
        self.metric = metric
        self.class_weight = class_weight
        self.threshold = threshold
        self.costs = costs
        self.preset = preset
        self.members = members
        self.effort = effort
        self.time_limit = time_limit
        self.kinds = kinds
        self.missing = missing
        self.monotone = monotone
        self.root = root
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.executor = executor
        self.memory_limit = memory_limit
        self.keep_rows = keep_rows
        self.verbose = verbose

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            The same columns as in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples, n_labels) of several labels
            In the order of `classes_`; every row adds up to one. Of several labels, the probability
            that each is 1.
        """
        return self._of_rows(X, self._model().predict_proba)

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of `predict_proba`, shape (n_samples, n_classes)."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict_set(self, X: Any, coverage: float = 0.9) -> Array:
        """Return sets of classes that hold the true class of a share of new rows, or of more.

        A class is left out where its probability is lower than that of the true class in most
        held-out rows (arXiv:1609.00451, arXiv:1905.02928). New rows must be like those
        learned from.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            The same columns as in `fit`.
        coverage : float, default=0.9
            Share of new rows whose class should be in its set, between 0 and 1.

        Returns
        -------
        Boolean ndarray of shape (n_samples, n_classes), or (n_samples, n_labels, 2)
            In the order of `classes_`. The predicted class is always in the set, so that where more
            predictions are right than `coverage` asks for, sets of one class hold the truth more
            often.

        Raises
        ------
        InputError
            If the coverage is no share.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> X, y = load_iris(return_X_y=True, as_frame=True)
        >>> model = AdaptiveClassifier(effort=10, random_state=0).fit(X, y)
        >>> sets = model.predict_set(X.iloc[[0, 50, 100]], coverage=0.9)
        >>> sets.sum(axis=1)
        array([1, 1, 1])
        >>> [model.classes_[row].tolist() for row in sets]  # by the names of the classes
        [[0], [1], [2]]
        """
        return self._of_rows(X, self._model().predict_set, coverage)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the share of rows whose class, or all of whose labels, are predicted right.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The truth.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row.
        """
        y = computed(y)
        if np.ndim(y) == 2 and holds_probabilities(np.asarray(y)):
            raise InputError(
                "y holds probabilities, but a score counts the labels that are predicted right:"
                " give labels; `scores_` have the log loss."
            )
        truth = booleans_of(np.asarray(y))
        return float(super().score(X, truth if truth.dtype.kind == "b" else y, sample_weight))

    def decision_function(self, X: Any) -> Array:
        """Return the output of the networks before it becomes probabilities.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            The same columns as in `fit`.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            With two classes the log-odds of the second one; of several labels those of each;
            otherwise log-probabilities, each row up to a constant.
        """
        output = self._model().predictor.output(self._read(X), n_jobs=self.n_jobs)
        return output[:, 0] if output.shape[1] == 1 else output

    @property
    def threshold_(self) -> float:
        """The probability above which the second of two classes is predicted."""
        return self._class_encoder().threshold

    def set_threshold(self, threshold: float) -> Self:
        """Change the threshold of the fitted model, which `save` keeps; scores stay as they were.

        Parameters
        ----------
        threshold : float
            Of two classes, `predict` returns the second one where its probability is above.

        Returns
        -------
        self
            The estimator.

        Raises
        ------
        InputError
            If it is no number between 0 and 1, or there are more than two classes.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from madaline import AdaptiveClassifier
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> model = AdaptiveClassifier(effort=5, random_state=0).fit(X, y)
        >>> rows = model.predict(X).sum()
        >>> bool(model.set_threshold(0.9).predict(X).sum() < rows)
        True
        """
        from madaline._race.evaluation.objective import check_threshold

        encoder = self._class_encoder()
        check_threshold(threshold)
        if len(encoder.classes) != 2:
            raise InputError(
                "threshold is {threshold!r} for {n_classes} classes: it is for two.",
                threshold=threshold,
                n_classes=len(encoder.classes),
            )
        changed = replace(encoder, threshold=float(threshold))
        predictor = replace(self._model().predictor, target_encoder=changed)
        self.model_ = replace(self._model(), predictor=predictor)
        return self

    def _objective(self) -> Objective:
        from madaline._race.evaluation.objective import Objective

        return Objective(
            metric=self.metric,
            class_weight=self.class_weight,
            threshold=self.threshold,
            costs=self.costs.tolist() if isinstance(self.costs, np.ndarray) else self.costs,
        )

    def _read_target(self, y: Any, n_samples: int) -> Array:
        labels = read_targets(y, n_samples)
        if holds_probabilities(labels):
            return checked_probabilities(labels, _column_labels(y, labels.shape[1]))
        if labels.ndim == 2 and labels.dtype.kind == "f" and (labels.sum(axis=1) == 1).all():
            warn(
                "y has a 1 in one column of each row, and is taken for several labels: for one"
                " class a row, give its name; where these are probabilities of another model, it"
                " has learned these rows by heart: give those of rows that it has not seen.",
                UserWarning,
            )
        if labels.ndim == 2:
            return read_indicators(labels, read_names(y))
        return labels

    def _classes_of_columns(self, y: Any, target: Array) -> Array | None:
        return _column_labels(y, target.shape[1]) if holds_probabilities(target) else None

    def _check_target(self, target: Array) -> None:
        if target.ndim == 2:
            return
        if _looks_like_probabilities(target):
            raise InputError(
                "Unknown label type: continuous. y holds fractions such as {target!r}: for the probabilities of classes, give a column for each class, also of two.",
                target=float(target[0]),
            )
        if target.dtype.kind == "O":
            _check_same_type(target)
        check_learnable(target, self._task, name="y")
        # The target encoder refuses infinity.
        if target.dtype.kind != "f" or np.isfinite(target).all():
            _check_classes(target)

    def _remember(self, model: FittedModel) -> None:
        super()._remember(model)
        encoder = model.predictor.target_encoder
        if isinstance(encoder, JointEncoder):
            self.classes_ = np.arange(len(encoder.names))
        else:
            self.classes_ = cast("ClassEncoder", encoder).classes

    def _keep_out_of_fold(self, output: Array) -> None:
        self.oof_proba_ = self._model().predictor.probabilities(output)

    def _keep_diagnosis(self, fitting: Fitting, rows: CountedRows) -> None:
        from madaline._models.diagnosis.predictions import Suspects

        super()._keep_diagnosis(fitting, rows)
        suspects = fitting.evaluation.label_suspects
        if suspects is None:  # of several labels
            return
        spread = rows.spread(np.stack([suspects.quality, suspects.suspected], axis=1))
        self.label_quality_ = spread[:, 0]
        ranked = Suspects(spread[:, 0], spread[:, 1] == 1).ranked
        self.label_suspects_ = rows.numbered(ranked)

    def _class_encoder(self) -> ClassEncoder:
        encoder = self._model().predictor.target_encoder
        if not isinstance(encoder, ClassEncoder):
            raise InputError("A threshold is for one target, but several labels are predicted.")
        return encoder


def _column_labels(y: Any, n_classes: int) -> Array:
    """Return the classes that the columns of `y` are named after, or their numbers."""
    frame = frame_of(y)
    return labels_of(None if frame is None else frame.columns, n_classes)


def _check_classes(target: Array) -> None:
    """Refuse numbers with decimals, which are no classes."""
    if target.dtype.kind == "f" and (fractions := target[target != np.floor(target)]).size:
        raise InputError(
            "Unknown label type: continuous. y holds numbers with decimals, such as {number!r}: predict them with AdaptiveRegressor, or give classes.",
            number=float(fractions[0]),
        )
    check_classification_targets(target)


def _check_same_type(labels: Array) -> None:
    """Refuse labels in an array of objects that are not all text."""
    other = next((label for label in labels.tolist() if not isinstance(label, str)), None)
    if other is not None:
        raise InputError(
            "Unknown label type: object. y holds {other!r}, a {name}, in an array of objects: leave out rows without a label, and give y as text, y.astype(str), or whole numbers, y.astype(int).",
            other=other,
            name=type(other).__name__,
        )


def _looks_like_probabilities(target: Array) -> bool:
    """Return whether numbers are from 0 to 1, and not all of them are whole."""
    if target.dtype.kind != "f":
        return False
    return bool(((target >= 0) & (target <= 1)).all() and (target % 1).any())
