"""The tests. A package, because a library that they need installs one of the same name."""
