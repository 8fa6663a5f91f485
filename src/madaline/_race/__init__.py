"""The race: recipes learn side by side, and the best of them predict together."""
