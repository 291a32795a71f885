"""make soak: half an hour of everything at once, or as long as one has."""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from soak.leaking import LEAKS
from soak.soaking import Soak


def main() -> None:
    parser = argparse.ArgumentParser(prog="make soak SOAK=…", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--shift", type=float, default=45, help="seconds until all have left")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--leak", choices=LEAKS, help="a daemon that leaks so, which must be seen")
    options = parser.parse_args()
    shifts = max(3, round(options.minutes * 60 / options.shift))
    print(f"seed {options.seed}: {shifts} shifts of {options.shift:.0f} seconds", flush=True)
    program = ("-m", "soak.leaking", options.leak) if options.leak else ("-m", "imageid_daemon")
    # Short: the path of a socket below it has 107 bytes.
    with TemporaryDirectory(prefix="soak") as directory:
        soak = Soak(Path(directory), options.seed, options.shift, program)
        soaked = asyncio.run(soak.run(shifts))
    print(soaked)
    wrong = soaked.judge()
    print("\n".join(wrong) or "flat, and every answer right")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
