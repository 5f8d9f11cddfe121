"""Shapes of bones as signed distances: made from numbers (procedural) or from surfaces."""
