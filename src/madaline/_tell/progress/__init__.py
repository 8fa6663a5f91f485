"""The display of what is running: fits, fits of many groups, rows of a large table."""
