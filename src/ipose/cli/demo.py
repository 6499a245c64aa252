"""`ipose demo`: what the bundled model makes, or a whole system trained in minutes."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Demo:
    """Show what the bundled model makes of label maps, as a page. With --train: train one in minutes, and show it."""

    out: Path | None = None
    """New folder for report.html, and with --train for the two runs. None = ipose-demo, with --train ipose-trained."""
    train: bool = False
    """Train PartNet and the generator from random weights on PartWorld, on a CPU."""
    partnet_minutes: float = 2.5
    """With --train: training time of PartNet in minutes."""
    synthesis_minutes: float = 4.0
    """With --train: training time of generator and discriminator in minutes."""
    seed: int = 0
    """Random seed of the scenes, and of the training."""

    def run(self) -> None:
        """Run the demo."""
        from ipose.demo.tour import run_tour
        from ipose.demo.training import run_demo

        if self.train:
            run_demo(self.out or Path("ipose-trained"), self.partnet_minutes, self.synthesis_minutes, self.seed)
        else:
            run_tour(self.out or Path("ipose-demo"), self.seed)
