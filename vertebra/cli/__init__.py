"""The command `vertebra`: everything the engine does, from a terminal.

Exit codes: 0 done; 1 it could not be done, and one sentence says why; 2 the command was not
understood; 70 a fault in Vertebra itself; 130 cancelled.
"""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper


def main() -> None:
    """Run the command line and leave with its exit code."""
    if isinstance(sys.stdout, TextIOWrapper):  # Windows' pipes lack most characters
        sys.stdout.reconfigure(errors="replace")
    try:
        from ..runtime.waiting import POLICY

        os.environ.update({**POLICY, **os.environ})
        from .run import run
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich"):
            raise
        sys.exit('The command line needs typer and rich: pip install "vertebra[cli]".')
    except KeyboardInterrupt:  # while the libraries are loaded
        sys.stderr.write("Error: Cancelled; nothing was changed.\n")
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))
