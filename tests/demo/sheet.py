"""The contact sheet: every rendered image with its label, as one PNG."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from demo.measure import Outcome

COLUMNS = 6
TILE = 160
MARGIN = 12
CAPTION_HEIGHT = 36
BACKGROUND = (24, 26, 30)
CAPTION = (222, 224, 228)
DETAIL = (146, 152, 162)


def contact_sheet(outcomes: list[Outcome]) -> Image.Image:
    """As many rows as it needs; the pictures keep their aspect ratio."""
    rows = -(-len(outcomes) // COLUMNS)
    cell = TILE + MARGIN
    size = (COLUMNS * cell + MARGIN, rows * (cell + CAPTION_HEIGHT) + MARGIN)
    sheet = Image.new("RGB", size, BACKGROUND)
    for place, outcome in enumerate(outcomes):
        row, column = divmod(place, COLUMNS)
        corner = (MARGIN + column * cell, MARGIN + row * (cell + CAPTION_HEIGHT))
        paste(sheet, corner, outcome)
    return sheet


def paste(sheet: Image.Image, corner: tuple[int, int], outcome: Outcome) -> None:
    left, top = corner
    with Image.open(BytesIO(outcome.thumbnail)) as picture:
        middle = (left + (TILE - picture.width) // 2, top + (TILE - picture.height) // 2)
        sheet.paste(picture.convert("RGB"), middle)
    draw = ImageDraw.Draw(sheet)
    draw.text((left, top + TILE + 4), outcome.case.label, CAPTION, ImageFont.load_default(12))
    shape = "x".join(map(str, outcome.shape or ())) or "as stored"
    detail = f"{shape} {outcome.dtype}"
    draw.text((left, top + TILE + 19), detail, DETAIL, ImageFont.load_default(11))
