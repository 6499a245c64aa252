"""`ipose demo`: train the whole system in a few minutes on two CPU cores, without any file."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Demo:
    """Train PartNet and the generator on PartWorld in a few minutes on a CPU, and write a report."""

    out: Path = Path("ipose-demo")
    """Folder for the two runs and report.html. It must be new."""
    partnet_minutes: float = 2.5
    """Training time of PartNet in minutes."""
    synthesis_minutes: float = 4.0
    """Training time of generator and discriminator in minutes."""
    seed: int = 0
    """Random seed of data and training."""

    def run(self) -> None:
        """Run the demo."""
        from ipose.demo import run_demo

        run_demo(self.out, self.partnet_minutes, self.synthesis_minutes, self.seed)
