"""A TARA in the formats that others read.

`formats` lists them. `exported` is what each of them is made of, and `record_links` answers which
records belong together. One file writes one format: `json_format`, `markdown`, `mermaid`, `sarif`,
`threat_model_bom`, `workbook_export`.

The workbook also comes back. `workbook_columns` says which sheet and column holds which field;
`workbook_export` writes, with `workbook_derived` for what follows from the model; `workbook_rows`
and `workbook_import` read. A workbook of another tool is completed by `foreign_workbook` and
`foreign_threats`, with the words of `foreign_terms`. `toml_folder` writes the imported model.
"""
