"""Stripe as it behaves at the other end: its API, its payment page, its webhooks.

By hand: `python -m tests.fakes.stripe --help`.
"""
