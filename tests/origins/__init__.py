"""Origins that the daemon is tested against: scripted, small and real, and real servers."""
