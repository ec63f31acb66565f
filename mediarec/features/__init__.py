"""Turn a cleaned catalogue into blocks of features, one block for each field."""
