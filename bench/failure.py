"""Why a stage has no result."""


class StageFailedError(RuntimeError):
    """What was measured did not do its work, or cannot be measured here; the message says which."""
