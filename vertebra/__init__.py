"""Vertebra: finds, names, segments and measures the vertebrae in a CT."""

__version__ = "0.1.0"
