"""Own stand-ins for the Python modules that Slicer has and its core does not."""
