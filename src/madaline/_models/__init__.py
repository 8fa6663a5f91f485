"""Fitted models: the fit, what it found, the file, prediction on NumPy alone, streams, monitors."""
