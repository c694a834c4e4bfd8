"""Payments: attempts to collect an amount for one purpose, through any provider.

Promises: a payment moves only along the state table, with an audit row and its posting in the same transaction; a
provider's event is stored once before anything is done about it; every call to a provider is a row that says how far
it came; refunds never give back more than was collected, whoever asks at once. Knows nothing of bookings.
"""
