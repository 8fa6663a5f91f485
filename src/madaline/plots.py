"""Plots on matplotlib axes: each function draws one thing, and returns the axes.

They need matplotlib, which the extra `plot` installs.
"""

from __future__ import annotations

from madaline._tell.plots.forecasts import plot_forecast as plot_forecast
from madaline._tell.plots.models import plot_calibration as plot_calibration
from madaline._tell.plots.models import plot_comparison as plot_comparison
from madaline._tell.plots.models import plot_confusion as plot_confusion
from madaline._tell.plots.models import plot_errors as plot_errors
from madaline._tell.plots.models import plot_history as plot_history
from madaline._tell.plots.models import plot_importances as plot_importances
from madaline._tell.plots.models import plot_over_time as plot_over_time
from madaline._tell.plots.models import plot_precision as plot_precision
from madaline._tell.plots.models import plot_roc as plot_roc
from madaline._tell.plots.models import plot_truth as plot_truth
from madaline._tell.plots.models import plot_watch as plot_watch
from madaline._tell.plots.networks import plot_decision_boundary as plot_decision_boundary
from madaline._tell.plots.networks import plot_hidden_units as plot_hidden_units
from madaline._tell.plots.networks import plot_network as plot_network
from madaline._tell.plots.rows import plot_effect as plot_effect
from madaline._tell.plots.rows import plot_explanation as plot_explanation
from madaline._tell.plots.rows import plot_map as plot_map
