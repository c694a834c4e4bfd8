"""The marketplace contract, mounted at /api/v1: one file per resource."""
