"""Real Slicer views, rendered offscreen and shown in Qt widgets."""
