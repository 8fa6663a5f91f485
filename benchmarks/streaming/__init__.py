"""Streams, the learners that are compared on them, and parts of ours left out."""
