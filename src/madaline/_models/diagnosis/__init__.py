"""What is wrong with a fit, or with a table to predict: findings, each with evidence and remedy."""
