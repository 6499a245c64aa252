"""A system of no package that trains in a moment; and tiny models of the built-in systems with their folders."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from helpers.tiny_ganseg import TINY_GANSEG
from helpers.tiny_ipose import SYNTHESIS
from ipose.data.png import write_index
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.pretrained import save_ganseg
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.encoder import Encoder
from ipose.groupdnet.model import GroupDNet
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.model_folder import ModelFolder, open_model
from ipose.objective import Phase
from ipose.part_annotations import SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.pipeline import IPose
from ipose.synthesis.generator import Generator
from ipose.systems import registry
from ipose.systems.record import MakeOptions, System, TrainOptions
from ipose.systems.training import Prepared, Task
from ipose.testing.tiny_scenes import SPEC, make_scene
from ipose.training.config import TrainConfig
from ipose.training.run import Run
from ipose.training.snapshot import Snapshot

TRAINED = TrainConfig(steps=3, batch_size=2)


@dataclass(frozen=True, kw_only=True)
class LineConfig:
    """Of a line through points."""

    slope: float = 2.0
    """Of the points to learn."""
    points: int = 0
    """How many. The data say."""


@dataclass(frozen=True, kw_only=True)
class LineOptions(TrainOptions):
    hints: Path | None = None
    """A file."""


@dataclass(frozen=True, kw_only=True)
class LineMakeOptions(MakeOptions):
    twist: float | None = None
    """Of the line."""


@dataclass(frozen=True, eq=False)
class Points:
    names: tuple[str, ...]
    x: Tensor

    def to(self, device: Any) -> "Points":
        return Points(self.names, self.x.to(device))


class PointSource:
    def __len__(self) -> int:
        return 6

    def item(self, index: int, generator: torch.Generator) -> float:
        return float(index)

    def collate(self, items: Sequence[float], generator: torch.Generator) -> Points:
        return Points(tuple(map(str, items)), torch.tensor(items)[:, None])


class LineObjective:
    def __init__(self, config: LineConfig) -> None:
        self.config, network = config, nn.Linear(1, 1)
        self.networks = {"line": network}
        self.optimizers = {"line": torch.optim.SGD(network.parameters(), lr=1e-3)}

    def phases(self, batch: Points, generator: torch.Generator) -> Iterator[Phase]:
        def losses() -> dict[str, Tensor]:
            return {"fit": (self.networks["line"](batch.x) - self.config.slope * batch.x).square().mean()}

        yield Phase("line", ("line",), "line", losses)


@dataclass(eq=False)
class Line:
    """What is trained, saved, loaded and asked for images."""

    network: nn.Module
    made: int = 0
    device: str = "cpu"

    def to(self, device: str) -> "Line":
        self.device = device
        return self

    def save_pretrained(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text('{"format": "line"}')
        torch.save(self.network.state_dict(), folder / "line.pt")


@dataclass(eq=False)
class Stranger:
    """The record, and what its functions were called with.

    Args:
        module: holds the functions that the record names; set others to change them.
        calls: by function, the arguments of each call.
    """

    module: ModuleType
    calls: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def record(self) -> System:
        return registry.system_named("line")

    def called(self, name: str, *arguments: Any) -> None:
        self.calls.setdefault(name, []).append(arguments)

    def register(self, **fields: Any) -> System:
        """The record anew, with these fields."""
        basic: dict[str, Any] = {"name": "line", "summary": "Train a line.", "config": LineConfig, "data": None}
        functions = {"training": "stranger:prepare", "loading": "stranger:load"}
        record = System(**{**basic, "train_options": LineOptions, **functions, **fields})
        vars(self.module)["SYSTEM"] = record
        registry.systems.cache_clear()
        return record

    def define(self, **functions: Callable[..., Any]) -> None:
        """Functions that the record may name as "stranger:NAME"."""
        vars(self.module).update(functions)

    def save(self, folder: Path) -> Path:
        """A saved model."""
        Line(nn.Linear(1, 1)).save_pretrained(folder)
        return folder

    def run(self, folder: Path, *, model: bool = True, **config: Any) -> Run:
        """A run that was trained, as far as run.json and the model tell."""
        run = Run.create(folder, kind="line", config=config, train=TRAINED, data="6 points", command="ipose train line")
        if model:
            self.save(run.model)
        return run


def _prepare(stranger: Stranger) -> Callable[..., Prepared]:
    def model(snapshot: Snapshot) -> Line:
        stranger.called("model", snapshot.step)
        return Line(snapshot.network("line"))

    def show(line: Line, title: str) -> Image.Image:
        stranger.called("show", line, title)
        return Image.new("RGB", (2, 2))

    def prepare(task: Task, *, seed: int, resume: bool, **given: Any) -> Prepared:
        stranger.called("prepare", task, seed, resume, given)
        config = LineConfig(slope=task.config.slope, points=6)
        return Prepared(
            config=config,
            objective=LineObjective(config),
            source=PointSource(),
            about="6 points",
            loop={"steps": 3, "batch_size": 2, "ema_decay": 0.0, "schedule": "linear"},
            model=model,
            show=show,
        )

    return prepare


def _load(path: Path | ModelFolder) -> Line:
    line = Line(nn.Linear(1, 1))
    line.network.load_state_dict(torch.load(open_model(path).path / "line.pt", weights_only=True))
    return line


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stranger]:
    """The system `line`, as an installed package brings it; `stranger.register(field=value)` changes its record."""
    module = ModuleType("stranger")
    found = Stranger(module)
    found.define(prepare=_prepare(found), load=_load, MakeOptions=LineMakeOptions)
    monkeypatch.setitem(sys.modules, "stranger", module)

    point = EntryPoint(name="line", value="stranger:SYSTEM", group=registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    found.register()
    yield found
    registry.systems.cache_clear()


GROUPDNET = GroupDNetConfig(
    num_classes=SPEC.num_classes,
    height=32,
    width=48,
    encoder_channels=(2, 3, 3, 3),
    code_channels=3,
    decoder_channels=(20, 20, 10, 10, 5, 5),
    decoder_groups=(5, 5, 5, 1, 1),
    modulation_hidden=10,
    perceptual="none",
)


def supports(*categories: str) -> SupportSet:
    """Two supports of each category, with two parts."""
    maps = torch.zeros(2, 64, 64, dtype=torch.uint8)
    maps[:, 8:32, 8:56], maps[:, 32:56, 12:50] = 1, 2
    return SupportSet(dict.fromkeys(categories, ("top", "bottom")), dict.fromkeys(categories, maps))


@pytest.fixture(scope="session")
def ipose_model() -> IPose:
    torch.manual_seed(0)
    partnet = PartNet(PartNetConfig(encoder_channels=(2, 3, 3, 4), attention_blocks=1, k=2))
    return IPose(Generator(SYNTHESIS), partnet, supports("car", "dog"), SPEC)


@pytest.fixture(scope="session")
def groupdnet_model() -> GroupDNet:
    torch.manual_seed(0)
    return GroupDNet(Encoder(GROUPDNET), Decoder(GROUPDNET), SPEC)


@pytest.fixture(scope="session")
def ganseg_model() -> GANSegGenerator:
    torch.manual_seed(0)
    return GANSegGenerator(TINY_GANSEG).eval()


@pytest.fixture(scope="session")
def folders(ipose_model, groupdnet_model, ganseg_model, tmp_path_factory) -> dict[str, Path]:
    """Model folders by the system's name."""
    root = tmp_path_factory.mktemp("models")
    ipose_model.save_pretrained(root / "synthesis")
    groupdnet_model.save_pretrained(root / "groupdnet")
    save_ganseg(root / "ganseg", ganseg_model)
    return {path.name: path for path in root.iterdir()}


@pytest.fixture
def maps(tmp_path) -> Path:
    """`label/` and `instance/` of scenes 0 and 1, whose ids are those of the spec's files."""
    file_ids = torch.tensor([item.file_id for item in SPEC.classes], dtype=torch.uint8)
    for kind in ("label", "instance"):
        (tmp_path / kind).mkdir()
    for seed in (0, 1):
        scene = make_scene(seed)
        write_index(tmp_path / "label" / f"{seed}.png", file_ids[scene.label])
        write_index(tmp_path / "instance" / f"{seed}.png", scene.instance)
    return tmp_path
