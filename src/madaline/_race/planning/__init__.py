"""Plans for each kind of data: which recipes race on tables, on grids and on texts."""
