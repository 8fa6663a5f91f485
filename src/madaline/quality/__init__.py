"""How good predictions are, beyond one score: in counts and curves, without any row of a table."""
