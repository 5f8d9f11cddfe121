"""From candidates with level probabilities to a spine: one decoder for every localizer."""

from .candidates import Candidate
from .decoder import Decoding, Naming, decode
from .ends import decode_with_ends
from .settings import Settings

__all__ = ["Candidate", "Decoding", "Naming", "Settings", "decode", "decode_with_ends"]
