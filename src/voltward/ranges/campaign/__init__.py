"""A campaign: the grid of cases shared among processes and streamed to a run folder."""
