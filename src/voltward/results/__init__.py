"""What a run leaves: columns, consequences, metrics, matrix, gate, comparison, run folder.

The contract between those who run and those who report, rate and sign; reads no live object.
"""
