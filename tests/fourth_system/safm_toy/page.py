"""What report.html shows of a run; curves, eval cards and versions come by themselves."""

from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.systems.reporting import RunPage, config_of, settings_section, with_data
from ipose.systems.scene_models import gallery
from ipose.training.run import Run
from safm_toy.config import SafmConfig
from safm_toy.model import Safm


def page(run: Run) -> RunPage:
    """A gallery, and the settings beside the defaults."""
    model = Safm.from_pretrained(run.folder)
    sections = with_data(lambda: [gallery(model, open_scenes(config_of(run, "data", DataConfig), "val", model.size))])
    return RunPage(sections, settings_section(config_of(run, "safm", SafmConfig), SafmConfig()))
