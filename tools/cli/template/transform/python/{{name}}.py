"""{{description}}"""

from dataclasses import dataclass

from sallyport import CallContext, Response, Transform, debug, replace_text, transform


@dataclass
class Plugin(Transform):
    """The operator's configuration. A ValueError refuses it."""

    word: str = "password"
    replacement: str = "[hidden]"

    def __post_init__(self) -> None:
        if self.word == "":
            raise ValueError("word must not be empty")

    def after(self, response: Response, context: CallContext) -> Response | None:
        """Called for each hook in plugin.json that runs after the upstream's answer."""
        changed = replace_text(response, lambda text: text.replace(self.word, self.replacement))
        if changed:
            debug("replaced")
        return changed


Lifecycle, DispatchHooks = transform(Plugin)
