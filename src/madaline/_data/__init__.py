"""From a user's table to numbers: schema, encoder, target, folds and batches."""
