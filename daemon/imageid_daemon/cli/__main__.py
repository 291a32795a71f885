"""`python -m imageid_daemon.cli` is `imageid`, for where no script is installed."""

from imageid_daemon.cli import main

main()
