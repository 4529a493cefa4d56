"""What a user configures: system, duty, stacks, attacks, the campaign file, its grid of cases."""
