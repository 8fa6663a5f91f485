"""A fitted model goes on with new rows: as it is, adjusted, or fitted anew."""
