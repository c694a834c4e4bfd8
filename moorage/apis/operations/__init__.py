"""For whoever runs this installation: health, metrics, and the API's own reference."""
