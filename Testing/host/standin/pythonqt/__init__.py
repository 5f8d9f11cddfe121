"""PySide6 with the manners of PythonQt, the Python binding inside Slicer."""
