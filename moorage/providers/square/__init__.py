"""Square behind the port to payment providers."""
