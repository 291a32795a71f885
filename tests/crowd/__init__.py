"""A thousand callers of one image; see `__main__`."""
