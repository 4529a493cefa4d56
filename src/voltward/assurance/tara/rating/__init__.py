"""Rated risks: paths, their evidence from campaigns, impacts, verdicts, explanations."""
