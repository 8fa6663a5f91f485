"""How good predictions are after the race: scores, calibration, intervals, leaks.

The loss of a fold in the race, the validation loss, is in `_race/dataset.py`.
"""
