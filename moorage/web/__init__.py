"""HTTP plumbing that every face shares; no business words."""
