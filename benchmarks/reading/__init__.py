"""The tasks of ``texts.py``: what is read from where, how rows are drawn, and who contends."""
