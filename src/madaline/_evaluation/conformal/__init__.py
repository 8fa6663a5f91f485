"""Conformal prediction: intervals and sets that contain the truth as often as they promise."""
