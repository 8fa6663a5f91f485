"""Files, data frames and folders in; model files out."""
