"""The story of a fit: what was tried, on what evidence, and what was kept."""
