"""What differs between the registries that speak this API: paths, limits, words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from marking.statuses import Status, neutral


@dataclass(frozen=True, slots=True)
class Profile:
    """One registry's habits. Everything the published description leaves open is a field here, not a constant."""

    name: str
    authenticate_path: str = "/api/users/authenticate"
    refresh_path: str = "/api/users/tokens/refresh"
    public_path: str = "/public/api/cod/public/codes"
    private_path: str = "/public/api/cod/private/codes"
    private: bool = False  # Ask the full look-up, which also names the owner; needs MARKING-CODE.READ.
    batch_max: int = 100  # Codes per request to begin with; the server's own cap is unpublished.
    connect_s: float = 0.5  # Of an interactive check.
    background_connect_s: float = 5.0
    background_s: float = 15.0  # One background attempt as a whole, its login included.
    retries: int = 2  # Of a background attempt.
    retry_s: float = 0.1  # First pause; it doubles.
    retry_after_s_max: float = 30.0  # A longer Retry-After is left to the next look.
    token_life_s: float = 1800.0  # When the login does not say.
    refresh_share: float = 0.8  # Of a token's life, after which it is renewed.
    blocked_s: float = 60.0  # How long a refused login is not tried again.
    neutral: Callable[[str], Status] = neutral
    documents_path: str = "/public/api/v1/doc/"
    # What a search calls the documents of a path. The published list of types has none for a return: "" is any type.
    document_types: Mapping[str, str] = field(default_factory=lambda: {"withdrawal": "WITHDRAWAL"})
    page_max: int = 100  # Documents or errors asked for at a time.


# Source: description of the IS MPT API, role "user", xTrace 1.0 of 31.10.2025 (github baukaredteam/MarkSolutions).
XTRACE_KZ = Profile("xtrace-kz")
