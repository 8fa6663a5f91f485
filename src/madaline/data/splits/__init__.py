"""Which rows a network learns from, and which judge it: folds and batches."""
