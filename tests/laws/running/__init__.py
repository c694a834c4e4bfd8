"""The product as its users have it: a process of its own, spoken to over HTTP, killed without warning."""
