"""What is missing in a model or contradicts itself, before it is rated."""
