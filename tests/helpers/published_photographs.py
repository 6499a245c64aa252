"""Tiny copies of the published sets of photographs, in their layouts: to test readers and the doctor on."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image
from scipy.io import savemat

SIZE = (40, 80)
"""Height and width of the photographs."""


def write_picture(path: Path, pixels: ArrayLike) -> None:
    """An image file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(path)


def _photograph(path: Path, seed: int, size: tuple[int, int] = SIZE) -> None:
    write_picture(path, np.random.default_rng(seed).integers(0, 255, (*size, 3)))


def write_flowers(root: Path) -> Path:
    """Four flowers, one to test on: its square (4..12 of 16) is foreground."""
    mask: Any = np.zeros((16, 16, 3))
    mask[..., 2] = 254
    mask[4:12, 4:12] = (200, 100, 50)
    for n in range(1, 5):
        _photograph(root / "jpg" / f"image_{n:05d}.jpg", n)
        write_picture(root / "segmim" / f"segmim_{n:05d}.png", mask)
        (root / "segmim" / f"segmim_{n:05d}.png").rename(root / "segmim" / f"segmim_{n:05d}.jpg")  # no JPEG noise
    savemat(root / "setid.mat", {"trnid": [[1]], "valid": [[2]], "tstid": [[3, 4]]})
    return root


def write_cub(root: Path) -> Path:
    """24 birds; the right half is foreground; part p is at x 4p, y 2p, part 2 of every fourth not visible."""
    names = [f"00{i % 2}.Bird/Bird_{i}" for i in range(24)]
    mask: Any = np.zeros((8, 8))
    mask[:, 4:] = 255
    for i, name in enumerate(names):
        _photograph(root / "images" / f"{name}.jpg", i)
        write_picture(root / "segmentations" / f"{name}.png", mask)
    (root / "images.txt").write_text("".join(f"{i + 1} {name}.jpg\n" for i, name in enumerate(names)))
    (root / "parts").mkdir()
    seen = [(i, p, p != 2 or i % 4 > 0) for i in range(len(names)) for p in range(1, 16)]
    rows = [f"{i + 1} {p} {f'{4 * p}.0 {2 * p}.0 1' if visible else '0.0 0.0 0'}\n" for i, p, visible in seen]
    (root / "parts" / "part_locs.txt").write_text("".join(rows))
    return root


def write_celeba(root: Path) -> Path:
    """Six faces of 100x200: 1 and 2 to train on, 3 and 4 for the regression, 5 to test on; the even ones are small."""
    names = [f"{i:06d}.jpg" for i in range(1, 7)]
    for i, name in enumerate(names):
        _photograph(root / "img_celeba" / name, i, (100, 200))
    boxes = [(0, 0, 100, 100 if i % 2 else 50) for i in range(1, 7)]  # 50 % and 25 % of the image
    rows = "".join(f"{n} {' '.join(map(str, box))}\n" for n, box in zip(names, boxes, strict=True))
    (root / "list_bbox_celeba.txt").write_text(f"6\nimage_id x_1 y_1 width height\n{rows}")
    rows = "".join(f"{n} 20 10 180 10 100 50 50 90 150 90\n" for n in names)
    (root / "list_landmarks_celeba.txt").write_text(f"6\nlefteye_x lefteye_y ...\n{rows}")
    (root / "list_eval_partition.txt").write_text("".join(f"{n} {int(i > 4)}\n" for i, n in enumerate(names)))
    (root / "training.txt").write_text("000003.jpg\n000004.jpg\n")
    (root / "testing.txt").write_text("000005.jpg\n")
    return root


def write_aligned_celeba(root: Path) -> Path:
    """Six aligned faces of 100x200: 1, 2 and 5 to train on (5 is of MAFL's training list), 3 to test on."""
    names = [f"{i:06d}.jpg" for i in range(1, 7)]
    for i, name in enumerate(names):
        _photograph(root / "img_align_celeba" / name, i, (100, 200))
    rows = "".join(f"{n} 20 10 180 10 100 50 50 90 150 90\n" for n in names)
    (root / "list_landmarks_align_celeba.txt").write_text(f"6\nlefteye_x lefteye_y ...\n{rows}")
    (root / "list_eval_partition.txt").write_text("".join(f"{n} {int(n in names[3::2])}\n" for n in names))
    (root / "training.txt").write_text("000005.jpg\n000006.jpg\n")
    (root / "testing.txt").write_text("000003.jpg\n")
    return root


def write_full_celeba_lists(root: Path) -> Path:
    """CelebA's and MAFL's lists at full length, without photographs. All photographs are meant to be 100x100.

    808 of MAFL's 1,000 test names, and all its training names, are in CelebA's training list, of 162,770 names.
    """
    names = [f"{i:06d}.jpg" for i in range(1, 202_600)]
    (root / "img_celeba").mkdir(parents=True)
    fold = [0] * 162_770 + [1] * 19_867 + [2] * 19_962
    _write_list(root / "list_eval_partition.txt", (f"{n} {i}" for n, i in zip(names, fold, strict=True)))
    tested = names[161_962:162_770] + names[190_000:190_192]
    _write_list(root / "training.txt", names[:19_000])
    _write_list(root / "testing.txt", tested)
    large = {*names[:5_379], *names[19_000:59_230], *tested[:283]}  # 45,609 of them to train on
    head = [str(len(names)), "image_id x_1 y_1 width height"]
    _write_list(root / "list_bbox_celeba.txt", [*head, *(f"{n}  1 1 {60 if n in large else 50} 50" for n in names)])
    head[1] = "lefteye_x lefteye_y righteye_x ..."
    _write_list(root / "list_landmarks_celeba.txt", [*head, *(f"{n} 30 40 70 40 50 60 35 80 65 80" for n in names)])
    return root


def _write_list(file: Path, lines: Iterable[str]) -> None:
    file.write_text("\n".join(lines) + "\n")


def write_taichi(root: Path) -> Path:
    """Two videos of a frame each, two frames to fit on and one to test on; the second landmark was not found."""
    frames = ["train/a/0.png", "train/b/0.jpg", "regression/0.png", "regression/1.png", "test/0.png"]
    for i, name in enumerate(frames):
        _photograph(root / name, i)
    mask: Any = np.zeros((16, 16))
    mask[4:12, 4:12], mask[0] = 255, 254
    write_picture(root / "masks" / "test" / "0.png", mask)
    head = ",".join(f"x{i},y{i}" for i in range(1, 19))
    rows = "".join(f"{name},30,10,-1,-1{',5,6' * 16}\n" for name in frames[2:])
    (root / "landmarks.csv").write_text(f"photograph,{head}\n{rows}")
    return root
