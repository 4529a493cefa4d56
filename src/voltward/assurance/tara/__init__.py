"""Threat analysis and risk assessment after ISO/SAE 21434, clause 15 (2021 numbering).

1. `model` reads the item, its damage and threat scenarios, attack trees, controls and decisions.
2. `checks` looks for what is missing or contradicts itself.
3. `method` holds the profile: scales, feasibility methods, the risk matrix.
4. `rating` joins model, method and the results of campaigns into rated risks.
5. `exchange` writes and reads the formats of others.
"""
