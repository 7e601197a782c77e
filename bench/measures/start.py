"""What it costs to begin: importing the library, and asking the command line for help, over bare Python."""

import subprocess
import sys

from bench.report import OURS, Row, Target
from bench.timing import take_turns
from bench.workshop import Workshop

COMMANDS = {
    "bare": ("-c", "pass"),
    "import": ("-c", "import stampledger"),
    "facade": ("-c", "from stampledger import Ledger"),
    "help": ("-m", "stampledger", "--help"),
}


def start(shop: Workshop) -> list[Row]:
    """Each in a process of its own, its bytecode compiled beforehand."""

    def run(arguments: tuple[str, ...]) -> None:
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)

    for arguments in COMMANDS.values():
        run(arguments)
    times = take_turns(
        {name: lambda arguments=arguments: run(arguments) for name, arguments in COMMANDS.items()},  # type: ignore[misc]
        turns=2 if shop.size.quick else 5,
        calls=1,
        progress=shop.progress.of("starting"),
    )

    def over(name: str) -> list[float]:
        pairs = zip(times.by_name[name], times.by_name["bare"], strict=True)
        return [(whole - bare) * 1e3 for whole, bare in pairs]

    def row(what: str, name: str, to_reach: float | None) -> Row:
        shown = f"{times.seconds(name) * 1e3:,.0f} ms"
        target = Target(than="over bare Python", reached=over(name), to_reach=to_reach, unit="ms")
        return Row(what=what, figures={OURS: shown}, targets=(target,))

    return [
        row("import stampledger", "import", 75),
        row("from stampledger import Ledger", "facade", None),
        row("stampledger --help", "help", 60),
    ]
