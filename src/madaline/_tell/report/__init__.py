"""The report about a fitted model: one HTML page, JSON, or a model card."""
