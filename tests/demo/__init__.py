"""`make demo`: one image of every scheme through a daemon of its own, cold and warm."""
