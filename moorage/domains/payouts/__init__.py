"""Payouts: what practitioners have earned, on its way to them and there.

Promises: what is asked for is reserved in the ledger in the same transaction, never more than is available, whoever
asks at once; it leaves the books once, when it has arrived; what did not arrive, or came back later, is available again
exactly once, whatever the repeats and the order in which that is told. A balance below zero is carried.
"""
