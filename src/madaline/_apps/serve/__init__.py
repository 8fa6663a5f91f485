"""A server: fitted models answer over HTTP, in JSON and on a page (extra `serve`)."""
