"""The nouns of the business, one folder each; the order of who may import whom is checked."""
