"""A line a second in the log, while many keys are derived or loaded."""

import logging
from time import monotonic

from ..threads import PROGRESS_INTERVAL

log = logging.getLogger(__name__)


class Progress:
    """How far work on `total` keys has come; `work` begins each line, such as `deriving keys`."""

    def __init__(self, work: str, total: int) -> None:
        self._work = work
        self._total = total
        self._due = monotonic() + PROGRESS_INTERVAL

    def note(self, done: int) -> None:
        """Logs how many keys are done, if the last line was a second ago."""
        if monotonic() >= self._due:
            self._due = monotonic() + PROGRESS_INTERVAL
            log.info("%s: %s of %s", self._work, f"{done:,}", f"{self._total:,}")
