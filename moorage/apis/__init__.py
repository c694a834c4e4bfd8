"""The documented API contracts, one folder each, and the doors for provider events."""
