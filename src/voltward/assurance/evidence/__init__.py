"""A signed pack that an auditor checks without this project."""
