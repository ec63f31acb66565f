"""Find titles, rank a catalog against a query, and explain the result."""
