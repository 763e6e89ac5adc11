"""The correction page measured against its budgets, on the real page in a real browser.

python -m benchmarks.annotator [--json FILE]
"""
