"""What `madaline.plots` draws: models, networks, and rows."""
