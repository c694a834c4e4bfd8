"""The standalone payments app: providers' calls alone, for trying keys; no database, no accounts, nothing stored."""
