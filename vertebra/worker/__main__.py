"""`python -m vertebra.worker`: what a window starts."""

from .server import serve

serve()
