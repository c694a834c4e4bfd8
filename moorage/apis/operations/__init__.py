"""For whoever runs this installation: health, metrics, and what the API promises."""
