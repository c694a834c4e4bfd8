"""For whoever runs this installation: health and metrics."""
