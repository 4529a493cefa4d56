"""What runs attacks: a campaign of cases in the virtual range, or one case in the live range.

1. `configuration` reads system, duty, stacks, attacks and the campaign file, and lays out the
   grid of cases.
2. `virtual` compiles the closed loop once and steps the cases; on track mismatched an
   `electrochemical_plant` leads the cells.
3. `campaign` shares the cases among processes and writes the run folder.
4. `live` steps the same rules in processes that talk over a bus and a broker.
"""
