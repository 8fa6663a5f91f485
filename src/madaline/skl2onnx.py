"""Pipelines and ensembles of scikit-learn with madaline inside become ONNX files with skl2onnx."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from madaline._apps.export.graph import load_onnx
from madaline._apps.export.inputs import Input, inputs_of
from madaline._apps.export.onnx_model import OPERATORS, to_onnx
from madaline._base.extras import load_extra
from madaline._base.words import format_count
from madaline._models.model import FittedModel
from madaline.errors import InputError


def register_converters() -> None:
    """Tell skl2onnx how to convert `AdaptiveClassifier` and `AdaptiveRegressor`.

    Then ``skl2onnx.to_onnx`` takes them alone, as steps of pipelines and in ensembles, with
    ``target_opset=18`` or later. Columns of images, sequences, texts and sounds, and classifiers of
    several targets, are not converted. skl2onnx must be installed.

    Examples
    --------
    >>> import skl2onnx
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from madaline import AdaptiveClassifier
    >>> from madaline.skl2onnx import register_converters
    >>> register_converters()
    >>> X, y = load_iris(return_X_y=True)
    >>> pipeline = make_pipeline(StandardScaler(), AdaptiveClassifier(effort=10, random_state=0))
    >>> proto = skl2onnx.to_onnx(pipeline.fit(X, y), X[:1].astype("float32"))
    >>> [output.name for output in proto.graph.output]
    ['output_label', 'output_probability']
    """
    from madaline._apps.estimators.classifier import AdaptiveClassifier
    from madaline._apps.estimators.regressor import AdaptiveRegressor

    skl2onnx = load_extra("skl2onnx", extra="skl2onnx", purpose="madaline.skl2onnx")
    skl2onnx.update_registered_converter(
        AdaptiveClassifier,
        "MadalineAdaptiveClassifier",
        _describe_classes,
        _convert,
        options={
            "nocl": [False],
            "zipmap": [True, False, "columns"],
            "output_class_labels": [False, True],
            "raw_scores": [True, False],
        },
    )
    skl2onnx.update_registered_converter(
        AdaptiveRegressor, "MadalineAdaptiveRegressor", _describe_numbers, _convert
    )


def _describe_classes(operator: Any) -> None:
    """Set the types and shapes of labels and probabilities."""
    from skl2onnx.common.data_types import Int64TensorType, StringTensorType

    if _n_targets(operator) > 1:
        raise InputError("A classifier of several targets cannot be converted: use its to_onnx.")
    classes = operator.raw_operator.classes_
    rows = operator.inputs[0].get_first_dimension()
    is_text = isinstance(classes.tolist()[0], str)
    operator.outputs[0].set_type((StringTensorType if is_text else Int64TensorType)([rows]))
    operator.outputs[1].type.shape = [rows, len(classes)]


def _describe_numbers(operator: Any) -> None:
    """Set the shape of predicted numbers."""
    rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].type.shape = [rows, _n_targets(operator)]


def _n_targets(operator: Any) -> int:
    """Return the number of targets, or of quantiles."""
    return len(_model(operator).predictor.target_encoder.each)


def _model(operator: Any) -> FittedModel:
    model: FittedModel = operator.raw_operator._model()
    return model


def _convert(scope: Any, operator: Any, container: Any) -> None:
    """Add the nodes of an exported model between the inputs and the outputs of an operator."""
    if container.target_opset_onnx < OPERATORS[""]:
        raise InputError(
            "Give target_opset={OPERATORS} or later: madaline needs its operators.",
            OPERATORS=OPERATORS[""],
        )
    prefix = scope.get_unique_operator_name("madaline") + "_"
    graph = load_onnx("onnx.compose").add_prefix(to_onnx(_model(operator)), prefix).graph
    container.initializers.extend(graph.initializer)
    estimator = operator.raw_operator
    option = "raw_scores"
    if (
        container.has_options(estimator, option)
        and container.get_options(estimator, {option: False})[option]
    ):
        _return_scores(graph)
    divided = _divided(operator, prefix)
    returned = _returned(operator, graph.output)
    for node in [*divided, *graph.node, *returned]:
        container.nodes.append(node)
        container.node_domain_version_pair_sets.add((node.domain, OPERATORS[node.domain]))


def _return_scores(graph: Any) -> None:
    """Let a classifier return what `decision_function` does, a column for each class."""
    make_node = load_onnx("onnx.helper").make_node
    last = next(node for node in reversed(graph.node) if node.op_type in ("Softmax", "Sigmoid"))
    scores = last.input[0]
    probabilities = graph.output[1]
    if last.op_type == "Sigmoid":  # the log-odds of the second of two classes
        first, both = (f"{scores}_of_{name}" for name in ("first", "both"))
        graph.node.append(make_node("Neg", [scores], [first]))
        graph.node.append(make_node("Concat", [first, scores], [both], axis=1))
        scores = both
    probabilities.name = scores


def _divided(operator: Any, prefix: str) -> Iterator[Any]:
    """Yield the nodes that divide the tensors of an operator into the inputs of a model."""
    make_node = load_onnx("onnx.helper").make_node
    model = _model(operator)
    used = {source.encoder.name: source for source in inputs_of(model.predictor.encoder, ())}
    columns = [column.name for column in model.schema.columns]
    names = [given.raw_name for given in operator.inputs]
    if sorted(names) == sorted(columns):  # their order does not count
        columns = names
    _check_width(operator, len(columns))
    for given in operator.inputs:
        width = given.type.shape[1] or len(columns)
        inputs = [used.get(column) for column in columns[:width]]
        columns = columns[width:]
        element = _element(given)
        exact = load_onnx().TensorProto.DOUBLE
        _check_types([source for source in inputs if source is not None], element)
        values = given.full_name
        if element != load_onnx().TensorProto.STRING:
            values = f"{prefix}exact_{values}"
            yield make_node("Cast", [given.full_name], [values], to=exact)
        names = [
            source.name if source else f"unused_{values}_{at}" for at, source in enumerate(inputs)
        ]
        outputs = [prefix + name for name in names]
        yield make_node("Split", [values], outputs, axis=1, num_outputs=len(outputs))


def _check_width(operator: Any, n_columns: int) -> None:
    """Refuse more or fewer columns than a model has, unless their number is not told."""
    widths = [given.type.shape[1] for given in operator.inputs]
    if None not in widths and sum(widths) != n_columns:
        raise InputError(
            "The inputs have {columns}, but the model was fitted to {n_columns}: give all of them in initial_types.",
            columns=format_count(sum(widths), "column"),
            n_columns=n_columns,
        )


def _check_types(columns: Sequence[Input], element: int) -> None:
    """Refuse a tensor that does not hold what the columns of a model hold."""
    is_text = element == load_onnx().TensorProto.STRING
    for column in columns:
        name = column.encoder.name
        kind = column.encoder.kind
        if column.shape != (1,):
            raise InputError(
                "{name!r} holds {kind}s, which skl2onnx cannot take: use to_onnx.",
                name=name,
                kind=kind,
            )
        if is_text != (column.type == "STRING"):
            raise InputError(
                "{name!r} is a {kind}, but enters as {text}: give its type in initial_types.",
                name=name,
                kind=kind,
                text="text" if is_text else "a number",
            )


def _returned(operator: Any, results: Sequence[Any]) -> Iterator[Any]:
    """Yield the nodes that turn what a model returns into the outputs of an operator."""
    make_node = load_onnx("onnx.helper").make_node
    for output, wanted in zip(results, operator.outputs, strict=True):
        values = output.name
        element = _element(wanted)
        if element != output.type.tensor_type.elem_type:
            values = f"{output.name}_cast"
            yield make_node("Cast", [output.name], [values], to=element)
        if len(operator.outputs) == 1:  # a column of numbers
            yield make_node("Flatten", [values], [wanted.full_name], axis=1)
        else:
            yield make_node("Identity", [values], [wanted.full_name])


def _element(variable: Any) -> int:
    """Return the type of the elements of a tensor."""
    from skl2onnx.common.data_types import guess_proto_type

    element: int = guess_proto_type(variable.type)
    return element
