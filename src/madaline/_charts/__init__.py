"""Figures as data and as SVG, and tables as HTML: the report, plots and notebooks show them."""
