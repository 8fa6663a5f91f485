"""Attributions: how much each column of a row adds to its prediction."""
