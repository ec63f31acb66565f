"""Build and query models that are larger than memory."""
