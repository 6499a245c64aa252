"""report.html of a GroupDNet run: validation scenes with their own codes and with new ones."""

from collections.abc import Sequence

from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.groupdnet.model import GroupDNet
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.reports.page import Figure, Section
from ipose.reports.sheets import class_legend
from ipose.systems.groupdnet.sheets import image_row, samples
from ipose.systems.reporting import RunPage, config_of, settings_section, with_data
from ipose.systems.scene_models import spread
from ipose.training.run import Run
from ipose.types import Scene

SHOWN_SCENES = 8


def page(run: Run) -> RunPage:
    """Reconstructions, new codes for all classes, a new code for one."""
    model = GroupDNet.from_pretrained(run.model)
    size = (model.config.height, model.config.width)
    sections = with_data(lambda: [_gallery(model, open_scenes(config_of(run, "data", DataConfig), "val", size))])
    return RunPage(sections, settings_section(model.config, GroupDNetConfig(), title="Settings beside DeepFashion's"))


def _gallery(model: GroupDNet, val: Sequence[Scene]) -> Section:
    shown = spread(val, SHOWN_SCENES)
    rows = [image_row(scene, samples(model, scene), model.spec) for scene in shown]
    legends = {"classes": class_legend(shown, model.spec)}
    return Section(
        "Validation scenes",
        "The photograph from its own codes; new codes for all classes, twice; a new code for one class.",
        [Figure(row.tiles, title=row.heading, legends=legends) for row in rows],
    )
