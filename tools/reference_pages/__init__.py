"""The pages of docs/reference, one kind a file."""
