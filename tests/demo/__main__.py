"""Starts the origins and a daemon, loads every case, prints the table, stops everything."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console

import imageid
from daemon_process import DaemonProcess
from demo.cases import Case, configuration, every_case
from demo.measure import Outcome, outcome_of
from demo.served import CERTIFICATE, tls
from demo.sheet import contact_sheet
from demo.table import console, table
from origins.dicomweb import DicomwebOrigin

SHEET = Path("demo-out") / "contact-sheet.png"


async def main(screen: Console) -> int:
    """0 where every row is right."""
    with tempfile.TemporaryDirectory(prefix="imageid-demo-") as directory:
        outcomes, failures = await everything_loaded(Path(directory), screen)
    screen.print(table(outcomes))
    SHEET.parent.mkdir(exist_ok=True)
    contact_sheet(outcomes).save(SHEET)
    screen.print(f"Contact sheet: {SHEET.resolve()}", soft_wrap=True)
    failures += [f"{o.case.label}: {problem}" for o in outcomes for problem in o.problems]
    for failure in failures:
        screen.print(f"WRONG {failure}", style="red", markup=False, soft_wrap=True)
    right = sum(not outcome.problems for outcome in outcomes)
    screen.print(f"{right} of {len(outcomes)} rows are right; everything is stopped.")
    return 1 if failures or not outcomes else 0


async def everything_loaded(directory: Path, screen: Console) -> tuple[list[Outcome], list[str]]:
    folder = directory / "files"
    folder.mkdir()
    async with DicomwebOrigin() as plain, DicomwebOrigin(tls()) as secure:
        cases = list(every_case(plain, secure, folder))
        daemon = DaemonProcess(
            directory,
            configuration(plain, folder),
            environment={"SSL_CERT_FILE": str(CERTIFICATE)},
        )
        async with daemon, imageid.aio.connect(daemon.address) as client:
            screen.print(
                f"imageidd {(await client.info()).version} (pid {daemon.pid}) at {daemon.address}, "
                f"origins at {plain.url} and {secure.url}",
                soft_wrap=True,
            )
            return await loaded(cases, client, plain, secure)


async def loaded(
    cases: list[Case], client: imageid.aio.Client, plain: DicomwebOrigin, secure: DicomwebOrigin
) -> tuple[list[Outcome], list[str]]:
    outcomes, failures = [], []
    for case in cases:
        try:
            outcome = await outcome_of(case, client, lambda: plain.count() + secure.count())
            outcomes.append(outcome)
        except imageid.Error as error:
            failures.append(f"{case.label}: {error}")
    return outcomes, failures


if __name__ == "__main__":
    sys.exit(asyncio.run(main(console())))
