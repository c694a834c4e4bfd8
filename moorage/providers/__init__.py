"""Adapters to the outside: the only importers of vendor SDKs and HTTP clients."""
