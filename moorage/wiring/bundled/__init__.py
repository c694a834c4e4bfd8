"""The bundled PostgreSQL: a server of our own where nobody names one. `starter.start` is its front door."""
