"""Known values of fields that take one of a few. None of these sets is closed.

A field of such a type also takes plain text or a plain number, and an unknown value is kept as it came.
"""

from enum import IntEnum, StrEnum


class AccessLevel(StrEnum):
    """The role of a person.

    All but `TEAM_ADMIN` were recorded. That one is not to be expected in answers: a profile shows Team Leader for
    leaders and admins of teams; each team decides which of the two a person is (api-facts 7).
    """

    LEARNER = "Learner"
    TEAM_LEADER = "Team_Leader"
    TEAM_ADMIN = "Team_Admin"
    ADMINISTRATOR = "Administrator"
    ACCOUNT_OWNER = "Account_Owner"


class ProfileType(StrEnum):
    """Whether a person belongs to the organisation."""

    INTERNAL = "Internal"
    EXTERNAL = "External"


class ModuleStatus(StrEnum):
    """How far the server is with the content of an e-learning module."""

    QUEUED = "Queued"
    UPLOADING = "Uploading"
    READY_TO_PROCESS = "ReadyToProcess"
    PROCESSING = "Processing"
    READY = "Ready"
    FAILED = "Failed"


class ReminderMetric(StrEnum):
    """The unit of `SessionDay.reminder_value`."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"


class DurationType(StrEnum):
    """How long a listing stays open. The capitals are not certain."""

    UNLIMITED = "Unlimited"
    DYNAMIC = "Dynamic"
    FIXED = "Fixed"


class TokenType(IntEnum):
    """What a token stands for."""

    COURSE = 1
    TEAM = 2
    LEARNING_PATH = 3
    COLLECTION_LISTING = 4
