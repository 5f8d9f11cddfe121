"""A stand-in for Slicer's window: PySide6 widgets over the real Slicer core."""
