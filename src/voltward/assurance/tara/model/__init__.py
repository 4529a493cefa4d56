"""The model of an item: assets, damages, threats, attack trees, controls, decisions."""
