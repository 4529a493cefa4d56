"""What finished runs mean for a case file: risk, compliance, evidence. Never simulates."""
