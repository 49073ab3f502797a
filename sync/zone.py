"""The one time zone of Kazakhstan."""

from __future__ import annotations

import datetime as dt

ZONE = dt.timezone(dt.timedelta(hours=5))  # In the whole country since 1 March 2024.
