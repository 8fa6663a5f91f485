"""Folds and batches: the rows that each network learns from, and those that are held out."""
