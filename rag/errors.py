"""Every error that a person can meet, each with its remedy.

RagError                 exit 1
  NoVault                  the folder of notes is missing or is not a folder
  Busy                     another process is writing this index
  NoSpace                  the disk is full
  NotAnIndex               the folder holds something else
  BadSettings              exit 2: unknown key, value out of range
  BadQuestions             a question file that cannot be read
  BrokenAnswer             the language model stopped within its answer
  BadRun                   a saved evaluation that cannot be compared with
  UnusableIndex            exit 4
    NoIndex                  nothing was ingested yet
    DamagedIndex             a file is not what its checksum says
    UnreadableIndex          the system does not let it be read now
    OtherIndex               made by another format or encoder
  NoModel                  exit 5: the model cannot be had
"""

from typing import ClassVar


class RagError(Exception):
    """An error with a remedy. `str()` gives both in one line."""

    exit_code: ClassVar[int] = 1

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}; {self.remedy}"


class NoVault(RagError):
    """The folder of notes is missing or is not a folder."""


class Busy(RagError):
    """Another process is writing this index."""


class NoSpace(RagError):
    """The disk is full, or a quota is used up."""


class NotAnIndex(RagError):
    """The folder named as index holds something else, which is left alone."""


class BadSettings(RagError):
    """A setting is unknown or out of range."""

    exit_code = 2


class BadQuestions(RagError):
    """A question file cannot be read."""


class BrokenAnswer(RagError):
    """The language model stopped within its answer: what was shown of it is not one."""


class BadRun(RagError):
    """A saved evaluation cannot be read, or shares no question with this one."""


class UnusableIndex(RagError):
    """There is no index that can answer."""

    exit_code = 4


class NoIndex(UnusableIndex):
    """Nothing was ingested yet."""


class DamagedIndex(UnusableIndex):
    """A file of the index is missing or not what its checksum says."""


class UnreadableIndex(UnusableIndex):
    """The system does not let the index be read: no permission, too many open files, no disk."""


class OtherIndex(UnusableIndex):
    """The index was made by another format or encoder than asked for."""


class NoModel(RagError):
    """The model asked for cannot be had: offline, unknown, out of memory."""

    exit_code = 5
