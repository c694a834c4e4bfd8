"""Tiny building blocks without a word of the business: database, money, ids, clock, jobs, errors."""
