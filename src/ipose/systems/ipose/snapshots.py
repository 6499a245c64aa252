"""What a synthesis training shows and saves on the way: models of averaged weights, with statistics that fit them."""

from collections.abc import Sequence

from ipose.partnet.parts_without_partnet import no_parts
from ipose.partnet.pretrained import TrainedPartNet
from ipose.partnet.scene_parts import SceneParts
from ipose.pipeline import IPose
from ipose.reports.sheets import SceneRow, scene_sheet
from ipose.synthesis.generator import Generator
from ipose.training.averaging import reestimate_batch_norm
from ipose.training.snapshot import Snapshot
from ipose.types import LabelSpec, Scene, SceneBatch, SupportSet
from ipose.whole_files import replace_folder

SHEET_SCENES = 6
RE_ESTIMATION_PASSES = 50
"""Batches from which batch-norm statistics of averaged weights are estimated (OASIS; facts sec. 9)."""


class ModelSnapshots:
    """Sheets and the model folder of a training, from copies: the training itself does not notice.

    Args:
        trained: the frozen PartNet with its supports; None = of a model without.
        spec: of the scenes.
        scenes: training scenes, to estimate batch-norm statistics from.
        val: validation scenes, to show.
    """

    def __init__(
        self, trained: TrainedPartNet | None, spec: LabelSpec, scenes: Sequence[Scene], val: Sequence[Scene]
    ) -> None:
        self.partnet = None if trained is None else trained.partnet
        self.supports = SupportSet({}, {}) if trained is None else trained.supports
        self.spec, self.scenes, self.val = spec, scenes, val
        self._prepared: tuple[int, IPose] | None = None

    def sample(self, snapshot: Snapshot) -> None:
        """A sheet: label, instance, inferred parts, two seeds, photograph."""
        model, scenes = self._model(snapshot), [self.val[i] for i in range(min(SHEET_SCENES, len(self.val)))]
        rows = []
        for scene in scenes:
            first, second = model(scene, seed=1), model(scene, seed=2)
            rows.append(SceneRow(scene, first.parts, {"seed 1": first.image, "seed 2": second.image}))
        snapshot.run.samples.mkdir(exist_ok=True)
        sheet = scene_sheet(rows, self.spec, self.supports.part_names, title=f"step {snapshot.step}")
        sheet.save(snapshot.run.samples / f"step-{snapshot.step:07d}.png")

    def save(self, snapshot: Snapshot) -> None:
        """The model folder, written beside and renamed into place."""
        replace_folder(snapshot.run.model, self._model(snapshot).save_pretrained)

    def _model(self, snapshot: Snapshot) -> IPose:
        """The model of this step; made once, as saving and sampling often come together."""
        if self._prepared is None or self._prepared[0] != snapshot.step:
            generator = snapshot.network("generator")
            assert isinstance(generator, Generator)
            model = IPose(generator, self.partnet, self.supports, self.spec)
            re_estimate(model.to(model.device), self.scenes)
            self._prepared = snapshot.step, model
        return self._prepared[1]


def _parts_read(model: IPose, batch: SceneBatch) -> SceneParts:
    """What the generator reads of parts; PartNet is not asked for one that reads none."""
    if model.synthesis.part_injection == "none":
        return no_parts(batch, model.synthesis.part_input_channels)
    return model.infer_parts(batch)


def re_estimate(model: IPose, scenes: Sequence[Scene]) -> None:
    """Batch-norm statistics of the model's weights over fixed scenes, each batch with noise of its own."""
    count, passes = model.synthesis.batch_size, iter(range(RE_ESTIMATION_PASSES))
    known: dict[int, tuple[SceneBatch, SceneParts]] = {}  # of the first scene of the last batch: few scenes, one batch

    def forward() -> None:
        number = next(passes)
        first = (number * count) % max(len(scenes) - count + 1, 1)
        if first not in known:
            batch = SceneBatch.from_scenes([scenes[(first + i) % len(scenes)] for i in range(count)]).to(model.device)
            known.clear()
            known[first] = batch, _parts_read(model, batch)
        model.paint(*known[first], seed=number)

    reestimate_batch_norm(model.generator, forward, passes=RE_ESTIMATION_PASSES)
