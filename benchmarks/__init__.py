"""What `moorage bench` runs."""
