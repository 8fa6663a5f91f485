"""Settings of the kernel that runs the pages: pictures are drawn, not photographed."""

c = get_config()  # noqa: F821
c.InlineBackend.figure_formats = {"svg"}
c.IPKernelApp.log_level = "ERROR"
