"""How a model is rated: from executed campaigns and judged efforts to risk values.

The workflow, and the file of each step:

1. `campaign_results`: read what campaigns executed, as cases by attack, stack and scope.
2. `verdict`: judge which controls hold against an attack, by the published rule.
3. `path_feasibility`: find the easiest way through an attack path, where the bypasses of the
   controls that hold are added.
4. `path_rating`: rate the path: its level, what the level rests on, and a reviewer's override.
5. `measured_impact`: re-rate the impact of a damage where campaigns measured it.
6. `risk_rating`: rate every risk: deciding path, risk value, assurance level.
7. `rating`: go through all control sets (`Rater.rate`); the results are the shapes in `records`.

What is done with a rating: `rating_file` reads one back, `rating_diff` compares two, `explanation`
explains one risk, `risk_gate` holds a rating to a limit.
"""
