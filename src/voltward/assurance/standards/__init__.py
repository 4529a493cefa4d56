"""Shipped catalogues of standards: UN R155 Annex 5, public technique catalogues."""
