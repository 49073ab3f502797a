"""The data protocol 2.0.3 between a register and its fiscal data operator (OFD): codec, and a register in software."""
