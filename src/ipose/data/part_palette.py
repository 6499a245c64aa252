"""The colours that part maps are saved in, so that a person can see, open and edit them in any paint program."""

PART_COLORS: tuple[tuple[int, int, int], ...] = (
    (230, 230, 228),
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (204, 121, 167),
    (0, 94, 170),
    (213, 84, 0),
    (240, 228, 66),
    (74, 58, 52),
)
"""Colour of part id 0..8. Part 1..7: Okabe and Ito's palette, told apart with any colour vision; 8: a dark brown."""

BACKGROUNDS: tuple[tuple[int, int, int], ...] = (PART_COLORS[0], (0, 0, 0), (255, 255, 255))
"""Colours that stand for "no part" in a map drawn by hand: ours, black and white."""
