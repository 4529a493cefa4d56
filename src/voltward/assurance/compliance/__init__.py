"""Rules and catalogues of others: which of their ids a model answers."""
