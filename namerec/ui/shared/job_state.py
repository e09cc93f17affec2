"""The states of a job as badges, and how often a running one is looked at."""

from __future__ import annotations

#: Seconds between two looks at a running job, for its first seconds and after them. A look takes
#: the server some 20 ms and the browser, on what may be the same processor, some 150.
POLL_SECONDS = 1.0

CALM_POLL_SECONDS = 3.0

#: Seconds of training after which curves no longer jump, so that waiting longer hardly shows.
CALM_AFTER_SECONDS = 5.0

#: Seconds a click on Start waits for the first record, so that the page it draws has a point.
FIRST_POINT_SECONDS = 0.7

STATE_BADGES = {
    "queued": (":material/hourglass_empty:", "orange"),
    "running": (":material/bolt:", "green"),
    "paused": (":material/pause:", "orange"),
    "finished": (":material/check:", "green"),
    "stopped": (":material/stop:", "gray"),
    "failed": (":material/error:", "red"),
    "diverged": (":material/trending_up:", "red"),
    "interrupted": (":material/power_off:", "orange"),
}
