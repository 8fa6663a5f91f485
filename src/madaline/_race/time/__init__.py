"""Time: whether rows are in time, stretches of it, lags, and what later rows are like."""
