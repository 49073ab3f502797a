"""The lake: what the witnesses said, in Parquet files by day and by bucket of the code.

layout     where a file lies, how it is written so that nobody sees half of it
columns    what its columns are, and rows to columns
parts      which files of a partition count, once several became one
"""
