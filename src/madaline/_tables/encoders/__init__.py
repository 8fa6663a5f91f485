"""From the columns of a table to features: an encoder for each kind of column."""
