"""Training for every method: one loop, schedules, checkpoints, curves, augmentation, data.

Only this package needs Lightning Fabric, TensorBoard and matplotlib: pip install "vertebra[train]".
"""
