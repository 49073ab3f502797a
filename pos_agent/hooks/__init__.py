"""Webhooks of the till: what happened, told to the shop's own programs from the journal."""
