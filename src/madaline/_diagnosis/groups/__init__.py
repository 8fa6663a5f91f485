"""Groups of rows, such as those of one city: where networks are worse, or labels swapped."""
