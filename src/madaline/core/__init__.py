"""The network itself, on NumPy alone."""
