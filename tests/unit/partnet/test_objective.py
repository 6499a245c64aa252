"""What PartNet learns from: losses by hand, batches, and that every term teaches."""

import copy
import itertools
from dataclasses import replace

import pytest
import torch

from helpers.defaults import defaults_of
from ipose.errors import ConfigError, SupportError
from ipose.part_annotations import PartPair, SupportSet
from ipose.partnet.objective import PartBatch, PartNetObjective, PartPairSource, part_bce, part_cross_entropy
from ipose.partnet.partnet import PartNet, SupportMemory
from ipose.testing.partnet_contract import blocky_part_map, tiny_config

PARTS = ("front", "middle", "back", "foot")
TERMS = ("bce", "cross_entropy", "bce_rec", "cross_entropy_rec")


def pair(category, number):
    part_map = blocky_part_map(torch.Generator().manual_seed(number))
    return PartPair(category, part_map > 0, part_map, f"{category} {number}")


@pytest.fixture(scope="module")
def pairs():
    return [pair("car", i) for i in range(4)] + [pair("dog", i) for i in range(10, 13)]


@pytest.fixture(scope="module")
def supports():
    maps = {name: torch.stack([pair(name, first + i).part_map for i in range(2)]) for name, first in CHOSEN.items()}
    return SupportSet(dict.fromkeys(maps, PARTS), maps)


CHOSEN = {"car": 20, "dog": 30, "cat": 40}


@pytest.fixture(scope="module")
def batch(pairs, supports):
    source = PartPairSource(pairs, supports, random_supports=0.0, augment=False)
    return source.collate([pairs[0], pairs[4]], torch.Generator())


def objective(**changes):
    """With attention that looks somewhere: as initialised it is even, and all part channels are answered alike."""
    torch.manual_seed(0)
    config = tiny_config(**changes)
    network = PartNet(config)
    with torch.no_grad():
        for parameter in network.blocks.parameters():
            parameter.mul_(3)
    return PartNetObjective(network, config)


def alike(pairs, supports, category):
    """Training objects with as many part ids as the category's first support."""
    ids = len(supports.part_maps[category][0].unique())
    return [p.part_map for p in pairs if p.category == category and len(p.part_map.unique()) == ids]


def losses(system, batch, seed=0):
    return system.losses(batch, torch.Generator().manual_seed(seed))


def replacements(batch):
    """Each object's supports with one of them replaced by its own part map, in every way."""
    everyone = range(len(batch.part_map))
    for which in itertools.product(range(batch.supports.shape[1]), repeat=len(everyone)):
        supports = batch.supports[batch.index].clone()
        for i in everyone:
            supports[i, which[i]] = batch.part_map[i]
        yield supports


def stepped(system, batch, size):
    """The losses after one step of that size down the gradients, from where the system is."""
    moved = PartNetObjective(copy.deepcopy(system.partnet), system.config)
    with torch.no_grad():
        for parameter, old in zip(moved.partnet.parameters(), system.partnet.parameters(), strict=True):
            parameter -= size * old.grad
        return losses(moved, batch)


class TestPartLosses:
    """Counted by hand on a map of two equal rows of 2 pixels and 2 channels, logits log 3 = odds of 3."""

    LOGITS = torch.tensor([[[[1.0, 0.0]] * 2, [[-2.0, 0.0]] * 2]]) * torch.tensor(3.0).log()
    PART_MAP = torch.tensor([[[0, 1]] * 2], dtype=torch.uint8)

    def test_bce_is_the_mean_over_objects_channels_and_pixels(self):
        """Given 3/4 for the right channel and 1/10 for the wrong one at the first pixel, and 1/2 at the second."""
        expected = (torch.tensor(4 / 3).log() + torch.tensor(10 / 9).log() + 2 * torch.tensor(2.0).log()) / 4
        torch.testing.assert_close(part_bce(self.LOGITS, self.PART_MAP), expected)

    def test_cross_entropy_is_the_mean_over_objects_and_pixels(self):
        """Given odds of 27 to 1 for the right channel at the first pixel, and even odds at the second."""
        expected = (torch.tensor(28 / 27).log() + torch.tensor(2.0).log()) / 2
        torch.testing.assert_close(part_cross_entropy(self.LOGITS, self.PART_MAP), expected)

    def test_the_terms_are_these_losses_of_the_answer(self, batch):
        """Unweighted, with the object's own part map as the target: no part is a channel like the others."""
        system = objective()
        logits = system.partnet(batch.shapes, batch.supports[batch.index]).logits
        found = losses(system, batch)
        torch.testing.assert_close(found["bce"], part_bce(logits, batch.part_map))
        torch.testing.assert_close(found["cross_entropy"], part_cross_entropy(logits, batch.part_map))

    @pytest.mark.parametrize("loss", [part_bce, part_cross_entropy])
    def test_the_right_map_costs_less_than_any_other(self, loss):
        right, wrong = loss(self.LOGITS, self.PART_MAP), loss(self.LOGITS, 1 - self.PART_MAP)
        assert right < wrong

    @pytest.mark.parametrize("loss", [part_bce, part_cross_entropy])
    def test_is_float32_under_a_reduced_precision(self, loss):
        assert loss(self.LOGITS.bfloat16(), self.PART_MAP).dtype == torch.float32


class TestPartNetObjective:
    """One phase with up to four terms, each of which teaches PartNet."""

    def test_one_phase_trains_partnet_with_all_terms(self, batch):
        system = objective()
        (phase,) = system.phases(batch, torch.Generator())
        assert (phase.name, phase.networks, phase.optimizer) == ("partnet", ("partnet",), "partnet")
        assert tuple(phase.losses()) == TERMS

    @pytest.mark.parametrize(
        ("changes", "terms"),
        [
            ({"cross_entropy": False}, ("bce", "bce_rec")),
            ({"reconstruction": False}, ("bce", "cross_entropy")),
            ({"cross_entropy": False, "reconstruction": False}, ("bce",)),
        ],
    )
    def test_options_leave_terms_out_and_change_no_other(self, batch, changes, terms):
        every, some = losses(objective(), batch), losses(objective(**changes), batch)
        assert tuple(some) == terms
        assert all(torch.equal(some[term], every[term]) for term in terms)

    @pytest.mark.parametrize("term", TERMS)
    def test_one_small_step_on_a_term_alone_lowers_it(self, batch, term):
        system = objective()
        before = losses(system, batch)[term]
        before.backward()
        gradients = [(name, p) for name, p in system.partnet.named_parameters() if p.ndim > 1]
        assert all(p.grad.any() for _, p in gradients), [name for name, p in gradients if not p.grad.any()]
        length = sum(p.grad.square().sum() for p in system.partnet.parameters()).sqrt()
        assert any(stepped(system, batch, size / length)[term] < before for size in (1e-3, 1e-4, 1e-5))

    @pytest.mark.parametrize("term", TERMS)
    def test_every_term_learns_how_to_look_at_the_object_itself(self, batch, term):
        """The encoder learns from the supports too, so its gradient alone does not show that the query teaches it."""
        shapes = batch.shapes.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(losses(objective(), replace(batch, shapes=shapes))[term], shapes)
        assert gradient.flatten(1).any(1).all()

    def test_every_term_is_an_error_and_so_above_zero(self, batch):
        """A term of the wrong sign would still fall when trained alone."""
        assert all(value.item() > 0 for value in losses(objective(), batch).values())

    def test_the_reconstruction_reads_the_objects_own_part_map(self, batch):
        """Given another true map, the second prediction's input changes too; the first one's target alone does."""
        system, seen = objective(), []
        predict = system.partnet.predict
        system.partnet.predict = lambda *inputs: seen.append(predict(*inputs)) or seen[-1]
        losses(system, batch)
        losses(system, replace(batch, part_map=batch.part_map.flip(-1)))
        assert torch.equal(seen[0].logits, seen[2].logits)
        assert not torch.allclose(seen[1].logits, seen[3].logits)

    def test_the_support_that_is_replaced_is_drawn_from_the_generator(self, batch):
        system = objective()
        found = {losses(system, batch, seed)["bce_rec"].item() for seed in range(8)}
        assert 1 < len(found) <= 4  # two objects, two supports each
        assert losses(system, batch, 3)["bce_rec"] == losses(system, batch, 3)["bce_rec"]

    def test_permuting_part_channels_of_query_and_supports_alike_changes_no_loss(self, batch):
        """Why the release's random permutation is left out: it is no augmentation of this network."""
        system = objective()
        order = torch.tensor([0, 3, 8, 1, 5, 2, 4, 7, 6], dtype=torch.uint8)
        renamed = replace(batch, part_map=order[batch.part_map.long()], supports=order[batch.supports.long()])
        assert not torch.equal(renamed.supports, batch.supports)
        before, after = losses(system, batch), losses(system, renamed)
        for term in TERMS:
            torch.testing.assert_close(after[term], before[term])

    def test_renaming_the_query_alone_does_change_the_losses(self, batch):
        order = torch.tensor([0, 3, 8, 1, 5, 2, 4, 7, 6], dtype=torch.uint8)
        half = replace(batch, part_map=order[batch.part_map.long()])
        system = objective()
        assert not torch.isclose(losses(system, half)["bce"], losses(system, batch)["bce"])

    def test_each_object_reads_the_supports_of_its_index(self, batch):
        """Given both objects' supports exchanged with the index, nothing changes; with the supports alone, all does."""
        system = objective(reconstruction=False)
        before = losses(system, batch)["bce"]
        both = replace(batch, supports=batch.supports.flip(0), index=batch.index.flip(0))
        torch.testing.assert_close(losses(system, both)["bce"], before)
        assert not torch.isclose(losses(system, replace(batch, supports=batch.supports.flip(0)))["bce"], before)

    def test_partnet_is_what_is_averaged(self):
        assert objective().averaged == ("partnet",)

    def test_adam_has_the_rates_and_betas_of_the_config(self):
        group = objective(learning_rate=3e-4, beta1=0.5, beta2=0.9).optimizers["partnet"].param_groups[0]
        assert (group["lr"], group["betas"]) == (3e-4, (0.5, 0.9))


class TestPartPairSource:
    """Batches read the chosen supports, or training objects of the same category."""

    def test_a_category_has_its_supports_once_in_a_batch(self, pairs, supports):
        source = PartPairSource(pairs, supports, random_supports=0.0)
        batch = source.collate([pairs[4], pairs[0], pairs[5], pairs[1]], torch.Generator())
        assert batch.index.tolist() == [0, 1, 0, 1]
        assert torch.equal(batch.supports, supports.of(["dog", "car"]))
        assert batch.names == ("dog 10", "car 0", "dog 11", "car 1")
        assert torch.equal(batch.part_map[1], pairs[0].part_map)
        assert torch.equal(batch.shapes[1, 0], pairs[0].shape.float())

    def test_random_supports_are_chosen_ones_or_alike_training_objects_of_the_category(self, pairs, supports):
        source, generator = PartPairSource(pairs, supports, random_supports=1.0), torch.Generator().manual_seed(0)
        known = {name: [*supports.part_maps[name], *alike(pairs, supports, name)] for name in ("car", "dog")}
        drawn = {"car": set(), "dog": set()}
        for _ in range(40):
            batch = source.collate([pairs[0], pairs[4]], generator)
            for name, maps in zip(("car", "dog"), batch.supports, strict=True):
                for part_map in maps:
                    drawn[name] |= {i for i, own in enumerate(known[name]) if torch.equal(own, part_map)}
                    assert any(torch.equal(own, part_map) for own in known[name])
        assert drawn == {name: set(range(len(maps))) for name, maps in known.items()}

    def test_random_supports_show_as_many_ids_as_the_first_chosen_one(self, supports):
        """Given training objects of 1 to 4 parts, and a first support of 2."""
        given = [replace(pair("car", 1), part_map=pair("car", 1).part_map.clamp(max=most)) for most in (1, 2, 3, 4)]
        assert [len(one.part_map.unique()) for one in given] == [2, 3, 4, 5]
        chosen = supports.part_maps["car"].clamp(max=2)
        pool = PartPairSource(given, SupportSet({"car": PARTS}, {"car": chosen})).pools["car"]
        assert torch.equal(pool, torch.stack([*chosen, given[1].part_map]))

    def test_at_most_a_hundred_training_objects_are_drawn_from(self, supports):
        many = [pair("car", 100 + i) for i in range(130)]
        pool = PartPairSource(many, supports).pools["car"]
        assert len(pool) == supports.k + min(len(alike(many, supports, "car")), 100)

    def test_of_random_supports_no_training_object_comes_twice(self, pairs, supports):
        source, generator = PartPairSource(pairs, supports, random_supports=1.0), torch.Generator().manual_seed(0)
        others = alike(pairs, supports, "car")
        for _ in range(60):
            first, second = source.collate(pairs[:1], generator).supports[0]
            both = torch.equal(first, second)
            assert not (both and any(torch.equal(first, own) for own in others))

    def test_half_of_the_random_supports_or_more_are_not_the_chosen_ones(self, pairs, supports):
        """Given k chosen and at most 2k others, when k are drawn, then chosen ones have no precedence."""
        source, generator = PartPairSource(pairs, supports, random_supports=1.0), torch.Generator().manual_seed(0)
        maps = [own for _ in range(200) for own in source.collate(pairs[:1], generator).supports[0]]
        chosen = [any(torch.equal(own, known) for known in supports.part_maps["car"]) for own in maps]
        assert sum(chosen) / len(chosen) == pytest.approx(0.56, abs=0.08)  # 2 of 6 candidates, and 2 / 6 of the drawn 4

    @pytest.mark.parametrize("probability", [0.0, 3 / 8, 1.0])
    def test_random_supports_come_as_often_as_configured(self, pairs, supports, probability):
        source = PartPairSource(pairs, supports, random_supports=probability)
        source.pools["car"] = torch.zeros(9, 64, 64, dtype=torch.uint8)  # easy to tell from the chosen ones
        generator = torch.Generator().manual_seed(0)
        some = [not source.collate(pairs[:1], generator).supports.any((0, 2, 3)).all() for _ in range(400)]
        # of 2 chosen ones and 4 others two are drawn: both are chosen ones with probability 1 / 15
        assert sum(some) / 400 == pytest.approx(14 / 15 * probability, abs=0.08 if probability else 0)

    def test_mixed_k_reads_every_number_of_supports_as_often_and_never_one_twice(self, pairs, supports):
        three = SupportSet({"car": PARTS}, {"car": torch.stack([pair("car", 60 + i).part_map for i in range(3)])})
        source = PartPairSource(pairs[:4], three, random_supports=0.0, mixed_k=True)
        generator = torch.Generator().manual_seed(0)
        drawn = [source.collate(pairs[:1], generator).supports[0] for _ in range(300)]
        for count in (1, 2, 3):
            assert sum(len(maps) == count for maps in drawn) / 300 == pytest.approx(1 / 3, abs=0.09)
        for maps in drawn:
            found = [i for own in maps for i, known in enumerate(three.part_maps["car"]) if torch.equal(own, known)]
            assert len(set(found)) == len(maps)
        assert {tuple(maps[0].flatten().tolist()) for maps in drawn if len(maps) == 1} == {
            tuple(known.flatten().tolist()) for known in three.part_maps["car"]
        }

    def test_a_step_on_fewer_supports_replaces_one_of_those_it_read(self, pairs, supports):
        source = PartPairSource(pairs, supports, random_supports=0.0, mixed_k=True)
        counts = set()
        for seed in range(6):
            few = source.collate([pairs[0], pairs[4]], torch.Generator().manual_seed(seed))
            system, found = objective(mixed_k=True), losses(objective(mixed_k=True), few)["bce_rec"].item()
            counts.add(few.supports.shape[1])
            possible = [
                part_bce(system.partnet(few.shapes, replaced).logits, few.part_map).item()
                for replaced in replacements(few)
            ]
            assert any(found == pytest.approx(value, rel=1e-5) for value in possible)
        assert counts == {1, 2}

    def test_the_same_generator_gives_the_same_batch(self, pairs, supports):
        source = PartPairSource(pairs, supports, random_supports=0.5)
        for seed in range(4):
            one, two = (source.collate(pairs[:5], torch.Generator().manual_seed(seed)) for _ in range(2))
            assert torch.equal(one.supports, two.supports)

    def test_an_item_is_augmented_shape_and_parts_together(self, pairs, supports):
        source = PartPairSource(pairs, supports)
        items = [source.item(0, torch.Generator().manual_seed(seed)) for seed in range(8)]
        assert any(not torch.equal(item.part_map, pairs[0].part_map) for item in items)
        assert all(torch.equal(item.shape, item.part_map > 0) for item in items)

    def test_without_augmentation_an_item_is_the_pair(self, pairs, supports):
        source = PartPairSource(pairs, supports, augment=False)
        assert len(source) == 7
        assert source.item(2, torch.Generator()) is pairs[2]

    def test_a_category_without_supports_is_refused_in_a_sentence(self, pairs, supports):
        lonely = [*pairs, pair("horse", 50), pair("cow", 51)]
        with pytest.raises(SupportError, match=r"without supports: found cow, horse, expected car, dog, cat\. Choose"):
            PartPairSource(lonely, supports)

    def test_no_pairs_are_refused(self, supports):
        with pytest.raises(ConfigError, match="no part pairs"):
            PartPairSource([], supports)

    def test_a_batch_moves_as_a_whole(self, batch, device):
        for place in (device, torch.device("meta")):
            moved = batch.to(place)
            assert isinstance(moved, PartBatch)
            tensors = (moved.shapes, moved.part_map, moved.supports, moved.index)
            assert {tensor.device.type for tensor in tensors} == {place.type}
            assert moved.names == batch.names


def test_a_step_of_the_loop_changes_every_weight_of_partnet(batch):
    system = objective()
    before = copy.deepcopy(system.partnet)
    (phase,) = system.phases(batch, torch.Generator().manual_seed(0))
    sum(phase.losses().values()).backward()
    system.optimizers[phase.optimizer].step()
    old = dict(before.named_parameters())
    same = [name for name, p in system.partnet.named_parameters() if p.ndim > 1 and torch.equal(p, old[name])]
    assert not same


class TestReplacedSupport:
    """Eq. 11's second prediction reads the object's own parts in place of one support."""

    @pytest.mark.parametrize(("rule", "replaced"), [("any", {0, 1, 2}), ("not_last", {0, 1})])
    def test_the_release_never_replaces_the_last_one(self, rule, replaced, monkeypatch):
        seen, real = set(), SupportMemory.replace_one

        def watched(memory, index, own, which):
            seen.update(which.tolist())
            return real(memory, index, own, which)

        monkeypatch.setattr(SupportMemory, "replace_one", watched)
        three = SupportSet({"car": PARTS}, {"car": torch.stack([pair("car", 60 + i).part_map for i in range(3)])})
        few = [pair("car", i) for i in range(4)]
        own = PartPairSource(few, three, random_supports=0.0, augment=False).collate(few, torch.Generator())
        system = objective(replaced_support=rule)
        for seed in range(6):
            losses(system, own, seed)
        assert seen == replaced

    def test_every_object_draws_its_own(self, batch, monkeypatch):
        drawn, real = set(), SupportMemory.replace_one

        def watched(memory, index, own, which):
            drawn.add(tuple(which.tolist()))
            return real(memory, index, own, which)

        monkeypatch.setattr(SupportMemory, "replace_one", watched)
        for seed in range(16):
            losses(objective(), batch, seed)
        assert drawn == {(0, 0), (0, 1), (1, 0), (1, 1)}  # two objects, two supports each

    def test_a_single_support_is_replaced_itself(self, pairs, supports):
        own, index = pairs[0], torch.zeros(1, dtype=torch.int64)
        one = PartBatch(("a",), own.shape[None, None].float(), own.part_map[None], supports.of(["car"])[:, :1], index)
        system = objective(replaced_support="not_last")
        expected = part_bce(system.partnet(one.shapes, one.part_map[:, None]).logits, one.part_map)
        assert losses(system, one)["bce_rec"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_three_eighths_of_the_batches_read_random_supports_unless_told_otherwise():
    assert defaults_of(PartPairSource) == {"random_supports": 3 / 8, "augment": True, "mixed_k": False}
