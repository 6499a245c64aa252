"""What an edit of codes sees: the model, the prepared scene, and the seed that its code was drawn with."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from ipose.errors import ConfigError
from ipose.groupdnet.model import GroupDNet
from ipose.types import Scene


@dataclass(frozen=True, eq=False)
class SeenCodes:
    """What is known when codes are changed.

    Args:
        model: whose codes.
        scene: after all edits of its maps.
        seed: of the code before the edits.
    """

    model: GroupDNet
    scene: Scene
    seed: int

    def drawn(self, seed: int) -> Float[Tensor, "1 z *grid"]:
        """The scene's code of another seed."""
        return self.model.draw([self.scene], seed=seed)

    def read(self, scene: Scene) -> Float[Tensor, "1 z *grid"]:
        """The code of a photograph. Raises DataError where the scene has none."""
        return self.model.encode([scene]).mean

    def numbers(self, names: tuple[str, ...]) -> list[int]:
        """Classes by name. Raises ConfigError for another name, and where the model has no code a class."""
        if self.model.config.code == "vector":
            raise ConfigError(
                "this model has one code for the whole image, none a class",
                field="class",
                found=", ".join(names),
                mend="Edit the whole image, or take a model with a code a class.",
            )
        known = [item.name for item in self.model.spec.classes]
        if strangers := [name for name in names if name not in known]:
            raise ConfigError("no such class", field="class", found=", ".join(strangers), expected=", ".join(known))
        return [known.index(name) for name in names]
