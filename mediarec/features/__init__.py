"""Turn a cleaned catalog into blocks of features, one block for each field."""
