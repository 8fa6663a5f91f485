"""Adaptive training: records of what happened, policies, and the race among recipes."""
