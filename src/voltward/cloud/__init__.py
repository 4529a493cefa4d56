"""The virtual BMS: ingest, digital twin, charge plan, commands, parameter store."""
