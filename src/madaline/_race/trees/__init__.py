"""Boosted trees, which join the race once its networks are trained."""
