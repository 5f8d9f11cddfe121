"""Synthetic spines with their truth: `scan.make_case` makes one, `stream.SpineStream` no end."""
