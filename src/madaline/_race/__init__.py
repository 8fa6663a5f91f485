"""Learning: recipes race one another by their validation loss, the loss of folds held out.

`Dataset.validation_loss` (`dataset.py`) computes the loss of a fold, or of all. `race.py` asks for
it after each epoch, policies decide by it. What is measured of a finished race is in `evaluation/`.
"""
