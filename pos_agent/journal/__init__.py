"""The journal: an append-only, hash-chained table that is the truth about this till (docs/architecture.md)."""
