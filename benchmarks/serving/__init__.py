"""Loads a server with requests, good ones and malformed ones, and measures its answers."""
