"""A fitted model is watched while it predicts: sequential tests find what has changed."""

FALSE_ALARMS = 10_000  # rows for each false alarm, at least, on average
