"""Who computes: threads, the matrix library, and what is compiled."""
