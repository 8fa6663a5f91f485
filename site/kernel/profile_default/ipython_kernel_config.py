"""Settings of the kernel that runs the pages: pictures are drawn, and in pixels for the gallery."""

c = get_config()  # noqa: F821
c.InlineBackend.figure_formats = {"svg", "png"}
c.IPKernelApp.log_level = "ERROR"
