"""What registers reached over HTTP have in common: one exchange, its outcome, exact JSON, addresses.

Nothing here knows a vendor: statuses, error codes and logins are the families' business.
"""
