"""Results as sections of sentences, tables and figures; renderers make HTML and SVG of them."""
