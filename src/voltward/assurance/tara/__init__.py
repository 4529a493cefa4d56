"""Threat analysis and risk assessment after ISO/SAE 21434, clause 15 (2021 numbering)."""
