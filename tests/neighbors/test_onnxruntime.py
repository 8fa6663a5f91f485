"""ONNX Runtime and its own tools take exported models."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from madaline import AdaptiveClassifier  # noqa: E402


def test_a_model_quantized_to_eight_bits_answers_nearly_the_same(tmp_path, make_columns):
    from onnxruntime.quantization import quantize_dynamic

    columns, target = make_columns("binary")
    model = AdaptiveClassifier(effort=5, random_state=0).fit(columns, target)
    model.to_onnx(tmp_path / "model.onnx")
    quantize_dynamic(tmp_path / "model.onnx", tmp_path / "small.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "small.onnx")
    _, probabilities = session.run(None, model.onnx_feed(columns))
    assert np.abs(probabilities - model.predict_proba(columns)).max() < 0.05
