"""`python -m vertebra` is the command `vertebra`."""

from .cli import main

main()
