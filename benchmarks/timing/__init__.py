"""The sections of `speed.py`, one file for each, and the machinery that they share."""
