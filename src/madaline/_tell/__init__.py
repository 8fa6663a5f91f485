"""What people are told of a model or a table: explanations, report, look, plots, progress."""
