"""What comes in: files and frames become tables, columns, features, targets and folds."""
