"""The till's local knowledge: catalogue and code statuses, and the import of both."""

from pos_agent.cache.schema import CacheError
from pos_agent.cache.store import Cache, Counts

__all__ = ["Cache", "CacheError", "Counts"]
