"""Replaces e-mail addresses in what tools, prompts and resources return."""

import re
from dataclasses import dataclass

from sallyport import CallContext, Response, Transform, debug, replace_text, transform

# The part of an address after its local part. Each piece is bounded, so that no text makes the search slow.
_domain = re.compile(r"@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}")
_local = re.compile(r"[A-Za-z0-9._%+-]+\Z")
_local_length = 64


@dataclass
class RedactEmails(Transform):
    """The operator's configuration."""

    replacement: str = "[redacted]"

    def after(self, response: Response, context: CallContext) -> Response | None:
        count = 0

        def redact(text: str) -> str:
            nonlocal count
            redacted = ""
            kept = 0
            for domain in _domain.finditer(text):
                at = domain.start()
                local = _local.search(text, max(kept, at - _local_length), at)
                if local is None:
                    continue
                redacted += text[kept : local.start()] + self.replacement
                kept = domain.end()
                count += 1
            return redacted + text[kept:]

        changed = replace_text(response, redact)
        if changed:
            debug(f"redacted {count}")
        return changed


Lifecycle, DispatchHooks = transform(RedactEmails)
