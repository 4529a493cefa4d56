"""A TARA in the formats that others read: workbook, JSON, TM-BOM, SARIF, Mermaid, Markdown."""
