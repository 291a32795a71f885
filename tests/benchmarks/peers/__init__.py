"""What a program would do without imageid: one module for each way.

Each function does the work once and gives what it took with the digest of what it got, so that
all ways are measured alike. Imports and the digest are outside of the time.
"""
