"""Invoicing: what is asked of a customer in writing, and what was offered to them.

Promises: an invoice gets its number when it is finalised, and the numbers of a series have no gap, whoever finalises at
once and whatever is rolled back; after that its lines and totals never change; its totals are the sums of its lines,
checked by the database; money that comes for it is counted once, and what is too much goes back; a quote is accepted
at most once and makes one invoice, or a booking's price. The verbs are SQL functions, called by `operations`.
"""
