"""Settings of Sphinx."""

project = "Voltward"
author = "The Voltward authors"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "Voltward"
html_copy_source = False
myst_heading_anchors = 3
# The table is a part of another page.
exclude_patterns = ["pictures", "explanation/detection-table.md"]
