"""A fitted model in a form that others run: an ONNX file."""

from madaline._apps.export.inputs import onnx_feed as onnx_feed
from madaline._apps.export.onnx_model import write_onnx as write_onnx
