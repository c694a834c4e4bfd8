"""The ledger: double entry, append-only, per currency; and what practitioners earned.

Promises: every transaction sums to zero at commit, the same cause posts once, a guarded balance never falls below
zero, no row is changed or deleted, and each transaction carries a seal that shows if one was.
"""
