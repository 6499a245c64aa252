"""report.html of a PartNet run: scores, objects, attention, mistakes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from ipose.data.data_config import DataConfig
from ipose.data.open_data import PartData, open_part_pairs
from ipose.evaluation.part_evaluation import PartEvaluation
from ipose.part_annotations import PartPair, SupportSet
from ipose.partnet.attention import support_attention
from ipose.partnet.presets import PartNetConfig, preset
from ipose.partnet.pretrained import TrainedPartNet, load_partnet
from ipose.reports.blocks import parts_table, supports_figure
from ipose.reports.page import Figure, Section
from ipose.reports.part_blocks import attention_figure, confusion_table, extremes, objects_figure
from ipose.systems.partnet.training import evaluate, inferred_parts, judged_pairs, seen_before
from ipose.systems.reporting import RunPage, config_of, settings_section, with_data
from ipose.training.run import Run

SHOWN_OBJECTS = 4
"""Number of objects of each category."""

EXTREME_OBJECTS = 8
OPEN = 2
"""Number of categories that are open at first."""


@dataclass(frozen=True, eq=False)
class JudgedPartNet:
    """A PartNet with the data that judge it."""

    trained: TrainedPartNet
    data: PartData

    @property
    def supports(self) -> SupportSet:
        """The supports of the PartNet."""
        return self.trained.supports

    @cached_property
    def judged(self) -> list[PartPair]:
        """The validation pairs of categories with supports."""
        return judged_pairs(self.data, self.supports)

    @cached_property
    def evaluation(self) -> PartEvaluation:
        """PartNet beside both baselines, on `judged`."""
        return evaluate(self.trained.partnet, self.data, self.supports)

    def parts(self, pairs: Sequence[PartPair]) -> Tensor:
        """Inferred part maps of objects, uint8 (n, s, s)."""
        return inferred_parts(self.trained.partnet, pairs, self.supports)


def page(run: Run) -> RunPage:
    """Scores, objects, attention and mistakes. Without the data: only the supports."""
    trained, config = load_partnet(run.folder), config_of(run, "partnet", PartNetConfig)
    sections = with_data(
        lambda: part_sections(JudgedPartNet(trained, open_part_pairs(config_of(run, "data", DataConfig))))
    )
    if len(sections) == 1:
        figures = [supports_figure(trained.supports, name) for name in trained.supports.categories]
        sections.append(Section("Supports", "", figures, shown=3, rest="more categories"))
    return RunPage(sections, partnet_settings(config))


def partnet_settings(config: PartNetConfig) -> Section:
    """The configuration beside the paper's."""
    return settings_section(config, preset("paper"), title="PartNet's settings")


def part_sections(result: JudgedPartNet) -> list[Section]:
    """Scores beside the baselines, objects, attention, mistakes, and the worst and best objects."""
    evaluation, novel = result.evaluation, result.data.novel
    categories = list(evaluation.model.counts)
    basis = [name for name in categories if name not in novel]
    novel_categories = [name for name in categories if name in novel]
    sections = [
        Section(
            "Parts from shapes",
            "PartNet gets an object's silhouette and a few annotated part maps of its category. It answers with a part "
            "map. Two baselines are judged on the same objects. " + seen_before(result.data, result.supports),
            [parts_table(evaluation, "Accuracy"), *_objects(result, basis)],
            shown=1 + OPEN,
            rest="more categories",
        )
    ]
    if novel_categories:
        figures = [figure for name in novel_categories for figure in _novel_category(result, name)]
        sections.append(
            Section(
                "Novel categories",
                "PartNet was not trained on part maps of these categories. It only knows these supports.",
                figures,
                shown=2 * OPEN,
                rest="more novel categories",
            )
        )
    return [*sections, attention_section(result, novel_categories + basis), _mistakes(result), extreme_objects(result)]


def attention_section(result: JudgedPartNet, categories: Sequence[str]) -> Section:
    """The support pixels that the centre of each part read, for one object of each category."""
    figures, network, names = [], result.trained.partnet, result.supports.part_names
    pairs = [pair for name in categories if (pair := _richest(result.judged, name))]
    for pair in pairs:
        maps = result.supports.of([pair.category])
        (attention,) = support_attention(network, pair.shape[None, None].float(), maps)
        figures.append(attention_figure(attention, names[pair.category], pair.category))
        if pair is pairs[0]:
            later = [
                attention_figure(attention, names[pair.category], f"{pair.category}, block {block + 1}", block)
                for block in range(1, len(attention.weights))
            ]
    return Section(
        "What PartNet reads",
        "The ring marks one pixel of an object: the centre of an inferred part. Magenta marks the support pixels that "
        "PartNet's first attention block read for it; stronger colour means more weight. A caption says how much of "
        'the weight is on which part ("outside" is the background) and on which support. Supports are compared only by '
        "silhouette. So the colours below the magenta are what is found there, not what is searched for.\n\n"
        "PartNet reads in blocks of 8x8 pixels, so small parts share their surroundings. Later blocks use what was "
        "read before, and often read a few places of the background. Those of the first object come last.",
        [*figures, *(later if pairs else [])],
        shown=min(OPEN, len(figures)),
        rest="more categories, and the later blocks" if len(figures) > OPEN else "the later blocks",
    )


def _mistakes(result: JudgedPartNet) -> Section:
    counts, names = result.evaluation.model.counts, result.supports.part_names
    tables = []
    for name, count in counts.items():
        mark = " (novel)" if name in result.data.novel else ""
        objects = f"{count.objects} object" + ("s" if count.objects != 1 else "")
        tables.append(confusion_table(count.frame, names[name], f"{name}{mark}: {objects}"))
    return Section(
        "Which part is mistaken for which",
        "Rows are the true parts, columns the inferred parts, in percent of the row, over all validation objects. "
        '"none" is the background, and object pixels without annotation. As in the generator\'s input, all channels '
        'count, so PartNet can also answer "none" for an object pixel.',
        tables,
        shown=OPEN,
        rest="more categories",
    )


def extreme_objects(result: JudgedPartNet) -> Section:
    """The validation objects with the lowest and the highest accuracy on their own pixels."""
    scores, figures = result.evaluation.of_objects, []
    for title, indices in zip(("Worst", "Best"), extremes(scores, EXTREME_OBJECTS), strict=True):
        if indices:
            pairs = [result.judged[i] for i in indices]
            shares = [float(scores[i]) for i in indices]
            figures.append(objects_figure(pairs, result.parts(pairs), title, scores=shares))
    return Section(
        "Worst and best objects",
        f"Of {len(scores)} validation objects, by the share of right pixels inside the silhouette. An object pixel "
        "without annotation (grey) counts as wrong. So the worst objects also show gaps in the annotation.",
        figures,
        shown=1,
        rest="the best objects",
    )


def _objects(result: JudgedPartNet, categories: Sequence[str]) -> list[Figure]:
    figures = []
    for category in categories:
        pairs = [pair for pair in result.judged if pair.category == category][:SHOWN_OBJECTS]
        names = result.supports.part_names[category]
        figures.append(objects_figure(pairs, result.parts(pairs), category, names))
    return figures


def _novel_category(result: JudgedPartNet, category: str) -> list[Figure]:
    return [supports_figure(result.supports, category), *_objects(result, [category])]


def _richest(pairs: Sequence[PartPair], category: str) -> PartPair | None:
    """The category's first object among those with the most parts."""
    own = [pair for pair in pairs if pair.category == category]
    return max(own, key=lambda pair: len(pair.part_map.unique()), default=None)
