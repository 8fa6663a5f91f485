"""Gaps of a table filled from what its other columns tell."""
