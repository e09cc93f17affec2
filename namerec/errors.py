"""The error tree. Every message says what was given, what is allowed and what to do.

    NamerecError
    |-- ConfigError      settings that cannot be trained with
    |-- NameInputError   a typed name that has no letter in it
    |-- DataError        a corpus that cannot be read
    |   `-- DownloadError
    |-- RunError         a stored run that is missing, unfinished or damaged
    |-- BackupError      a backup that cannot be made or restored
    |-- JobError         an order that a job in its present state cannot follow
    `-- TrainingError    training that cannot go on
        `-- DivergedError

Pages and the command line catch `NamerecError` and show its message; whatever else escapes is a
defect of ours, goes to the log with its traceback and is shown as such.
"""


class NamerecError(Exception):
    """Base of every error with a message meant for the person in front of the screen."""


class ConfigError(NamerecError):
    """Settings that cannot be trained with."""


class NameInputError(NamerecError):
    """A typed name that holds no letter the networks can read."""


class DataError(NamerecError):
    """A corpus that cannot be read as names with categories."""


class DownloadError(DataError):
    """The tutorial corpus could not be fetched whole and unchanged."""


class RunError(NamerecError):
    """A stored run that is missing, unfinished or damaged."""


class BackupError(NamerecError):
    """A backup that cannot be made or restored."""


class JobError(NamerecError):
    """An order that a job in its present state cannot follow."""


class TrainingError(NamerecError):
    """Training that cannot go on."""


class DivergedError(TrainingError):
    """The loss is no longer a finite number."""
