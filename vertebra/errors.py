"""Everything that may go wrong and that a person can do something about.

The message of every `VertebraError` is one sentence for the user: what is wrong and what to do.
"""

from __future__ import annotations


class VertebraError(Exception):
    """The base of all errors that are shown to a user as one sentence."""


class BadFile(VertebraError):
    """A file cannot be read, or says something that contradicts itself."""


class NotABodyCT(VertebraError):
    """The image was read, but it is not a CT of a body."""


class BadEdit(VertebraError):
    """An edit of a spine that cannot be carried out; the spine stays as it was."""


class BadModel(VertebraError):
    """Weights are missing, damaged, or do not belong to the method that asks for them."""


class Cancelled(VertebraError):
    """The user cancelled; the message says so where something had been written by then."""
