"""Multi-view labelling: radiographs are rendered around the body and read by 2-D networks.

After Wu et al., "Multi-View Vertebra Localization and Identification from CT Images", 2023.
"""
