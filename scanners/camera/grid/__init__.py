"""The module grid of a Data Matrix symbol: found in a picture, fitted, bent, read and corrected."""
