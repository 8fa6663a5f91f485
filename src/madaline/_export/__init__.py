"""A fitted model in a form that others run: an ONNX file."""

from madaline._export.inputs import onnx_feed as onnx_feed
from madaline._export.onnx_model import write_onnx as write_onnx
