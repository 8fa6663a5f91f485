"""The report about a fitted model: one HTML page, JSON, or a model card."""

from __future__ import annotations

from madaline._report.card import model_card as model_card
from madaline._report.card import write_card as write_card
from madaline._report.data import report_data as report_data
from madaline._report.page import check_jinja as check_jinja
from madaline._report.page import save_explanation as save_explanation
from madaline._report.page import write_report as write_report

__all__ = [
    "check_jinja",
    "model_card",
    "report_data",
    "save_explanation",
    "write_card",
    "write_report",
]
