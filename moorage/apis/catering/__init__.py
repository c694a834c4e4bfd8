"""The catering contract: `/api/auth`, `/api/bookings`, `/api/stripe`. Amounts are whole cents (minor units of the
currency), but for refunds, which are asked for in whole units.
"""
