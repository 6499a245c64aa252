"""`ipose demo`: the whole system in a few minutes, on two CPU cores, without any file."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Demo:
    """Train PartNet and the generator on PartWorld in a few minutes on a CPU, and write a report to look at."""

    out: Path = Path("ipose-demo")
    """Folder for the two runs and report.html; must be new."""
    partnet_minutes: float = 2.5
    """Time for PartNet."""
    synthesis_minutes: float = 4.0
    """Time for generator and discriminator."""
    seed: int = 0
    """Of everything."""

    def run(self) -> None:
        """Run it."""
        from ipose.demo import run_demo

        run_demo(self.out, self.partnet_minutes, self.synthesis_minutes, self.seed)
