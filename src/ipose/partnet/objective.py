"""PartNet's losses (P eqs. 10-12, with the release's cross-entropies) and its training batches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from ipose.data.augment import augment_pair
from ipose.errors import ConfigError, SupportError
from ipose.losses.precision import full_precision
from ipose.objective import Phase
from ipose.part_annotations import PartPair, SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig

MOST_IN_POOL = 100
"""Number of training objects of a category from which random supports are drawn (R)."""


def part_bce(logits: Float[Tensor, "n q s s"], part_map: UInt8[Tensor, "n s s"]) -> Float[Tensor, ""]:
    """Binary cross-entropy of every channel against the one-hot part map. Source: iPOSE suppl. eq. 10."""
    target = F.one_hot(part_map.long(), logits.shape[1]).permute(0, 3, 1, 2)
    with full_precision(logits) as (logits,):
        return F.binary_cross_entropy_with_logits(logits, target.to(logits.dtype))


def part_cross_entropy(logits: Float[Tensor, "n q s s"], part_map: UInt8[Tensor, "n s s"]) -> Float[Tensor, ""]:
    """Cross-entropy over the part channels, mean over pixels. Source: the authors' release."""
    with full_precision(logits) as (logits,):
        return F.cross_entropy(logits, part_map.long())


@dataclass(frozen=True, eq=False)
class PartBatch:
    """Training objects with the supports of their categories. Each set of supports is there once.

    Args:
        names: of the objects, for messages.
        shapes: (n, 1, s, s) silhouettes.
        part_map: (n, s, s) true part ids.
        supports: (m, k, s, s) support part maps of the m categories in the batch.
        index: (n,), the set of supports that each object reads.
    """

    names: tuple[str, ...]
    shapes: Float[Tensor, "n 1 s s"]
    part_map: UInt8[Tensor, "n s s"]
    supports: UInt8[Tensor, "m k s s"]
    index: Int64[Tensor, " n"]

    def to(self, device: torch.device | str) -> "PartBatch":
        """The same batch on `device`."""
        return replace(
            self,
            shapes=self.shapes.to(device),
            part_map=self.part_map.to(device),
            supports=self.supports.to(device),
            index=self.index.to(device),
        )


class PartPairSource:
    """Training pairs, augmented, in batches that read the chosen supports or, at times, other ones.

    Other supports are drawn for each category of a batch, by the release's rule: k of the k chosen ones and at most 2k
    more, no place of the list twice. Those come from a pool: the chosen ones (one of them can be drawn again), and
    up to 100 training objects, the first in order, that show as many part ids as the first chosen support does.

    The release also permutes the part channels of a batch at random. This changes nothing, because the network is
    equivariant and the losses are invariant. So it is left out; a test shows that both agree.

    Args:
        pairs: what to learn from.
        supports: the chosen supports; every category of `pairs` needs some.
        random_supports: probability that a batch reads supports drawn at random instead of the chosen ones.
        augment: resize, rotate, crop, flip as in `ipose.data.augment`.
        mixed_k: of the k supports a batch reads 1..k, every number as likely, the same for all its objects.
    """

    def __init__(
        self,
        pairs: Sequence[PartPair],
        supports: SupportSet,
        *,
        random_supports: float = 3 / 8,
        augment: bool = True,
        mixed_k: bool = False,
    ) -> None:
        if not pairs:
            raise ConfigError("no part pairs to learn from", mend="Give part annotations of at least one category.")
        self.pairs, self.supports = tuple(pairs), supports
        self.random_supports, self.augment, self.mixed_k = random_supports, augment, mixed_k
        if missing := sorted({pair.category for pair in self.pairs} - set(supports.categories)):
            message = "part pairs of categories without supports"
            mend = "Choose them with ipose supports build."
            raise SupportError(message, found=", ".join(missing), expected=", ".join(supports.categories), mend=mend)
        self.pools = {name: self._pool(name) for name in dict.fromkeys(pair.category for pair in self.pairs)}

    def __len__(self) -> int:
        return len(self.pairs)

    def item(self, index: int, generator: torch.Generator) -> PartPair:
        """One pair, augmented."""
        pair = self.pairs[index]
        if not self.augment:
            return pair
        shape, part_map = augment_pair(pair.shape, pair.part_map, generator)
        return replace(pair, shape=shape, part_map=part_map)

    def collate(self, items: Sequence[PartPair], generator: torch.Generator) -> PartBatch:
        """A batch. The supports of each category in it are drawn once."""
        categories = list(dict.fromkeys(item.category for item in items))
        if torch.rand((), generator=generator) < self.random_supports:
            supports = torch.stack([self._random_supports(category, generator) for category in categories])
        else:
            supports = self.supports.of(categories)
        if self.mixed_k:
            supports = supports[:, self._some_of_k(generator)]
        return PartBatch(
            names=tuple(item.name for item in items),
            shapes=torch.stack([item.shape for item in items])[:, None].float(),
            part_map=torch.stack([item.part_map for item in items]),
            supports=supports,
            index=torch.tensor([categories.index(item.category) for item in items]),
        )

    def _pool(self, category: str) -> UInt8[Tensor, "p s s"]:
        """The training objects of a category that can be random supports, beside the chosen supports."""
        chosen = self.supports.part_maps[category]
        ids = len(chosen[0].unique())
        others = (pair.part_map for pair in self.pairs if pair.category == category)
        alike = islice((part_map for part_map in others if len(part_map.unique()) == ids), MOST_IN_POOL)
        return torch.stack([*chosen, *alike])

    def _random_supports(self, category: str, generator: torch.Generator) -> UInt8[Tensor, "k s s"]:
        k, pool = self.supports.k, self.pools[category]
        drawn = pool[torch.randperm(len(pool), generator=generator)[: 2 * k]]
        candidates = torch.cat([self.supports.part_maps[category], drawn])
        return candidates[torch.randperm(len(candidates), generator=generator)[:k]]

    def _some_of_k(self, generator: torch.Generator) -> Tensor:
        """1..k positions of supports, in random order."""
        k = self.supports.k
        count = int(torch.randint(1, k + 1, (), generator=generator))
        return torch.randperm(k, generator=generator)[:count]


class PartNetObjective:
    """The training objective of PartNet: one phase, up to four terms. Source: iPOSE suppl. eqs. 10-12; cross-entropies:
    R.

    Terms: `bce` and `cross_entropy` on the prediction from the supports, `bce_rec` and `cross_entropy_rec` on a second
    prediction in which one support, drawn at random for each object, is replaced by the object's own part map (of k > 1
    supports never the last one, where `replaced_support` says so: R).
    """

    averaged = ("partnet",)

    def __init__(self, partnet: PartNet, config: PartNetConfig) -> None:
        self.partnet, self.config = partnet, config
        self.networks: Mapping[str, nn.Module] = {"partnet": partnet}
        self.in_pieces = (partnet.shape_encoder, partnet.mask_encoder, partnet.decoder)  # it is not called as a whole
        adam = torch.optim.Adam(partnet.parameters(), lr=config.learning_rate, betas=(config.beta1, config.beta2))
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {"partnet": adam}

    def phases(self, batch: PartBatch, generator: torch.Generator) -> Iterator[Phase]:
        """The one step of a batch."""
        yield Phase("partnet", ("partnet",), "partnet", lambda: self.losses(batch, generator))

    def losses(self, batch: PartBatch, generator: torch.Generator) -> dict[str, Tensor]:
        """All terms, weight 1 each."""
        query = self.partnet.shape_encoder(batch.shapes)
        memory = self.partnet.encode_supports(batch.supports)
        prediction = self.partnet.predict(query, memory, batch.index)
        losses = self._terms(prediction.logits, batch.part_map, "")
        if self.config.reconstruction:
            k = batch.supports.shape[1]
            choices = max(k - 1, 1) if self.config.replaced_support == "not_last" else k
            which = torch.randint(choices, (len(query),), generator=generator).to(query.device)
            own = self.partnet.encode_supports(batch.part_map[:, None])
            second = memory.replace_one(batch.index, own, which)
            everyone = torch.arange(len(query), device=query.device)
            losses |= self._terms(self.partnet.predict(query, second, everyone).logits, batch.part_map, "_rec")
        return losses

    def _terms(self, logits: Tensor, part_map: Tensor, suffix: str) -> dict[str, Tensor]:
        terms = {f"bce{suffix}": part_bce(logits, part_map)}
        if self.config.cross_entropy:
            terms[f"cross_entropy{suffix}"] = part_cross_entropy(logits, part_map)
        return terms
