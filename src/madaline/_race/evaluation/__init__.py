"""How good predictions are: metrics, scores, calibration, conformal prediction."""
