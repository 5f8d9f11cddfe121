"""Iterative instance segmentation: one vertebra after the other, with a memory of those done.

After Lessmann et al., "Iterative fully convolutional neural networks for automatic vertebra
segmentation", 2018.
"""
