"""Learning: recipes race on the folds of a table, with scores, stretches of time, boosted trees."""
