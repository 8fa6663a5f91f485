"""Runs what is exported in ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from madaline._apps.export import onnx_feed, write_onnx
from madaline._models.model import FittedModel
from madaline._models.runtime.frozen_networks import NetworkPart
from madaline._models.runtime.predictor import Predictor
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.kinds.kind import ColumnEncoder
from madaline._tables.target.encoders import RegressionEncoder
from madaline.nn.arrays import Array

WHY = "onnx and onnxruntime are not installed, or not for this Python"
onnx = pytest.importorskip("onnx", reason=WHY)
onnxruntime = pytest.importorskip("onnxruntime", reason=WHY)


def session_of(model: bytes | str | Path) -> Any:
    """Return a session of ONNX Runtime on one processor."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])


def exported(model: FittedModel, path: Path, rows: Any, **settings: Any) -> list[Array]:
    """Return what the exported model returns for rows."""
    write_onnx(model, path, **settings)
    return session_of(path).run(None, onnx_feed(model.predictor, rows))


def changed(model: FittedModel, **parts: Any) -> FittedModel:
    """Return a model whose predictor has other parts."""
    predictor: Predictor = replace(model.predictor, **parts)
    return replace(model, predictor=predictor)


def of_networks(
    model: FittedModel, encoders: Sequence[ColumnEncoder], *parts: NetworkPart
) -> FittedModel:
    """Return a model of numbers that predicts what networks make of other columns."""
    plain = RegressionEncoder(center=0.0, scale=1.0, low=-1e9, high=1e9)
    bins = tuple({0, *(part.n_bins for part in parts)})
    encoder = TableEncoder(tuple(encoders), bins)
    return changed(model, encoder=encoder, parts=parts, target_encoder=plain)
