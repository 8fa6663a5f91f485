"""Learning: recipes race by their validation loss (`dataset`), with scores, time, boosted trees."""
