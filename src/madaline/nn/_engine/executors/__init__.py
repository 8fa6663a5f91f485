"""Executors run tasks side by side: in this process, in others, or on a cluster."""
