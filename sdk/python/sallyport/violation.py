"""The reason why a plugin blocks or denies."""

import json
from typing import Any

from .types import Violation


class Violating(Exception):
    """Ends a request; the client receives the reason.

    ``code`` is stable and machine-readable, for example ``EMAIL_FOUND``; ``reason`` is one short sentence; ``description``
    says what the caller can do about it; ``details`` is an object for programs.
    """

    def __init__(
        self, code: str, reason: str, description: str = "", details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(reason)
        self.violation = Violation(code, reason, description, None if details is None else json.dumps(details))
