"""The target codec turns labels or numbers into what networks learn, and predictions back."""

from madaline.data.target.base import CLASSIFICATION as CLASSIFICATION
from madaline.data.target.base import REGRESSION as REGRESSION
from madaline.data.target.base import TargetCodec as TargetCodec
from madaline.data.target.classes import ClassCodec as ClassCodec
from madaline.data.target.counts import CountCodec as CountCodec
from madaline.data.target.from_state import codec_from_state as codec_from_state
from madaline.data.target.regression import RegressionCodec as RegressionCodec
from madaline.data.target.task import check_learnable as check_learnable
from madaline.data.target.task import infer_task as infer_task
