"""napari plugin of Lamella: look at a server's cubes and send corrected labels back.

Only `widget` knows Qt; everything else can be used from a script or a notebook.
"""

__version__ = "0.1.0"
