"""Learning from a stream: networks of several time scales, weighed by how well they predict now."""
