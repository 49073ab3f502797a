"""One try of everything a sale needs, without a sale: nothing fiscal, nothing kept, timings told."""
