"""Rows of PartNet's tables: each is trained, and scored as `ipose evaluate` does, with copy and majority."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import ipose
from ipose.ablations.run_folders import Scores, kept_scores
from ipose.ablations.table import Row
from ipose.configs import plain
from ipose.data.data_config import DataConfig
from ipose.data.open_data import PartData, checked_part_pairs
from ipose.evaluation.part_evaluation import PartEvaluation
from ipose.part_annotations import PartPair
from ipose.partnet.pretrained import TrainedPartNet, load_partnet
from ipose.partnet.scene_parts import predict_part_maps
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet
from ipose.reports.figures import part_picture
from ipose.systems.ablating import TRUE_PICTURE, SystemRows
from ipose.systems.partnet.record import SYSTEM
from ipose.systems.partnet.tables import METRICS
from ipose.systems.partnet.training import evaluate, loop_of
from ipose.whole_files import save_whole

SHOWN_OBJECTS, SHOWN_SIDE = 8, 128


class PartNetRows(SystemRows):
    """Trains and scores PartNet rows. Data are opened once for all rows."""

    system = SYSTEM

    @cached_property
    def data(self) -> PartData:
        """Part pairs of both splits."""
        return checked_part_pairs(self._data_config)

    @property
    def _data_config(self) -> DataConfig:
        """The job's data, without the part maps of the categories that the preset holds out."""
        data: DataConfig = self.task(self.job.table.rows[0]).data
        return data

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences below the table."""
        return (
            "In percent. AC is the paper's accuracy over the whole 64x64 frame; object pixels counts the objects' own "
            "pixels. AC (pooled) is of all objects together, as the paper's; the others are means that weigh "
            "categories alike. Supports are chosen by k-means with each run's seed.",
        )

    def loop(self, row: Row) -> Mapping[str, Any]:
        """Steps by the config's epochs, batches, schedule."""
        return loop_of(self.config(row), 0 if self.job.steps is not None else len(self.data.basis_train))

    def given(self, row: Row) -> Mapping[str, Any]:
        """The opened data."""
        return {"data": self.data}

    def scores(self, row: Row, seed: int) -> Scores:
        """Scores of PartNet and both baselines on all validation pairs, in percent."""
        folder, k = self.folder(row, seed), self.supports(row)
        trained = load_partnet(folder)
        key = {
            "partnet": trained.sha256,
            "k": k,
            "seed": seed,
            "data": plain(self._data_config),
            "metrics": [metric.key for metric in METRICS],
            "ipose": ipose.__version__,
        }
        return kept_scores(folder / "scores" / f"k-{k}.json", key, lambda: self._evaluate(trained, row, seed))

    def baselines(self, row: Row) -> str:
        """Copy and majority depend on k only."""
        return f"k = {self.supports(row)}"

    def pictures(self, row: Row, seed: int) -> tuple[Path, Path]:
        """Files of two pictures: true parts, and predicted parts."""
        folder = self.folder(row, seed) / "scores"
        return folder / TRUE_PICTURE, folder / f"k-{self.supports(row)}.png"

    def supports(self, row: Row) -> int:
        """Number of supports k for scoring."""
        return int(row.scoring.get("supports", self.config(row).k))

    def _evaluate(self, trained: TrainedPartNet, row: Row, seed: int) -> Scores:
        k = self.supports(row)
        if k != trained.supports.k:
            trained = replace(trained, supports=self.data.choose_supports(k, seed=seed))
        self._show(trained, self.folder(row, seed) / "scores" / f"k-{k}.png")
        return as_scores(evaluate(trained.partnet, self.data, trained.supports))

    def _show(self, trained: TrainedPartNet, path: Path) -> None:
        """Draw some validation objects, novel ones first: true parts in one picture, predicted parts in another."""
        known = [pair for pair in self.data.val if pair.category in trained.supports.categories]
        pairs = _one_of_each_in_turn(known, self.data.novel)[:SHOWN_OBJECTS]
        shapes = torch.stack([pair.shape for pair in pairs])
        categories = [pair.category for pair in pairs]
        predicted = predict_part_maps(trained.partnet, shapes[:, None].float(), categories, trained.supports)
        path.parent.mkdir(parents=True, exist_ok=True)
        true = [Tile(part_picture(pair.part_map, pair.shape), pair.category) for pair in pairs]
        drawn = [
            Tile(part_picture(parts, pair.shape), f"{100 * _right(parts, pair):.0f} % right")
            for parts, pair in zip(predicted, pairs, strict=True)
        ]
        save_whole(contact_sheet([TileRow(true)], side=SHOWN_SIDE), path.with_name(TRUE_PICTURE))
        save_whole(contact_sheet([TileRow(drawn)], side=SHOWN_SIDE), path)


def _one_of_each_in_turn(pairs: Sequence[PartPair], novel: Sequence[str]) -> list[PartPair]:
    """The first object of each category, novel ones first, then the second of each, and so on."""
    seen = Counter[str]()
    turns = []
    for pair in pairs:
        turns.append((seen[pair.category], pair.category not in novel, pair.category))
        seen[pair.category] += 1
    return [pairs[i] for i in sorted(range(len(pairs)), key=turns.__getitem__)]


def _right(parts: Tensor, pair: PartPair) -> float:
    """The share of the object's pixels with their true part."""
    return float((parts == pair.part_map)[pair.shape].double().mean())


def as_scores(evaluation: PartEvaluation) -> Scores:
    """Macro means, and AC (pooled), in percent, by name and metric (`ipose.systems.partnet.tables.METRICS`)."""
    return {
        name: {
            f"{metric}_{group}": 100 * value
            for group, score in scores.groups().items()
            for metric, value in {**score._asdict(), "ac_pooled": scores.pooled()[group]}.items()
            if not math.isnan(value)
        }
        for name, scores in evaluation.contenders.items()
    }
