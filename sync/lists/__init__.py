"""Lists that leave the program as files: the same columns as CSV and JSON, at the till and at headquarters."""
