"""The scene and the logics of the real Slicer core, started without a window."""
