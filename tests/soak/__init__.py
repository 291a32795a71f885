"""The daemon for minutes or hours among programs and origins that do everything at once.

A shift is some seconds of work by programs of their own (`visits`), after which everybody has
left and the daemon comes to rest. What it uses is read while it works and while it rests
(`sampling`); whether that is flat is decided in `flat`. Every answer is compared with what is
known to be right (`material`).
"""
