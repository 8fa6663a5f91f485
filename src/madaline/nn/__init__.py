"""Networks as in a textbook, for whole populations at once, in plain NumPy, and who computes."""
