"""What support wants to see of a till, in one archive without secrets."""
