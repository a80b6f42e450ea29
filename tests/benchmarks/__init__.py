"""What we measure ourselves by: `python -m tests.benchmarks`. No test runs it; results.csv keeps what was measured.

Every figure stands beside a yardstick measured in the same run, round by round in turns: the speed of a machine wanders, a ratio less so.
"""
