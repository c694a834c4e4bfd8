"""Moorage: bookings and payments for people who sell their time."""

__version__ = "0.1.0"
