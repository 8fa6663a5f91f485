"""Small pictures of a report, as SVG that needs nothing else: a chart, and what is drawn on it."""
