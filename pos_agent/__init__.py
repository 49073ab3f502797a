"""The till application: configuration, cache, checkout, journal, API and command line."""

__version__ = "0.1.0"
