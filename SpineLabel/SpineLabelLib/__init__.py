"""What the module SpineLabel is made of; `scene` is shared with SpineSegment."""

from .engine import addEngineToPath

addEngineToPath()
