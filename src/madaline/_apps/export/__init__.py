"""A fitted model in a form that others run: an ONNX file, or a program in another language."""

from madaline._apps.export.files import ENDINGS as ENDINGS
from madaline._apps.export.files import write_program as write_program
from madaline._apps.export.files import write_small_program as write_small_program
from madaline._apps.export.inputs import onnx_feed as onnx_feed
from madaline._apps.export.lowering import lower as lower
from madaline._apps.export.onnx_model import write_onnx as write_onnx
