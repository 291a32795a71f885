"""The way to origins, against servers that misbehave on request."""
