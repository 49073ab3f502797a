"""First installation: finds what is plugged in, and writes the commented configuration of a till."""
