"""The sandbox provider's faces: its HTTP API below `/sandbox/v1` and the page where payers pay."""
