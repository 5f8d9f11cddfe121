"""Slicer's MRML widgets as far as our modules use them."""
