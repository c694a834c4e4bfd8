"""Payment providers as they behave at the other end of the line: real HTTP, real states, nothing of ours inside."""
