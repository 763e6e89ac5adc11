"""Volumes on disk: geometry, the mask codec, the OME-Zarr store, ingest, tiles, export. Pure."""
