"""Providers' events in: verified over the raw bytes, stored once, answered at once."""
