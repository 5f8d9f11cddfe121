"""How a processor's threads wait for each other, for processes that are about to load torch."""

POLICY = {"OMP_WAIT_POLICY": "PASSIVE"}
"""An environment in which waiting threads sleep. By default they spin: beside other busy programs
they then keep the processor from the very thread they wait for, and a run takes far longer."""
