"""Conformal prediction: intervals and sets that hold the truth as often as they promise."""
