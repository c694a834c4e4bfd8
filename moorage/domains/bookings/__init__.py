"""Bookings: a client's place, with price and policy as agreed.

Promises: what is offered can be booked and what is not cannot; no two bookings overlap and no session is oversold; an
expired hold is free at that instant; money that comes for what is gone goes back. The verbs are SQL functions (one file
per behaviour), called by `operations`; reads are in `queries`.
"""
