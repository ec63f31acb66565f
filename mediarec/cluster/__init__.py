"""Five clusterings of a catalog, their scores, names and comparison."""
