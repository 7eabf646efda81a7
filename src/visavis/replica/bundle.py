"""A replica on disk: everything the renderer needs to move one face, and nothing about how it was made.

A bundle is a folder:

- `meta.json`       what it is (see `Meta`), with the format's version
- `base.webp`       the person at rest, mouth closed, eyes open, in front of the background
- `background.webp` the background alone, of the same size
- `matte.png`       how much of each pixel is the person, 8 bit
- `landmarks.npz`   `points` (468, 2), `depth` (468,), `iris` (2, 3), see `Bundle`
- `sprites.npz`     what is laid over the base (see `SPRITES`), each `name` with its `name_at`
- `thumbnail.jpg`   320 pixels wide, for lists
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FORMAT = 1
"""Version of the folder's layout; a reader refuses any other."""

LID_MEETS = 0.92
"""How far down the open eye the lids meet when it shuts, from the upper lid (0) to the lower lid (1)."""

POINTS = 468
"""Points of the face mesh, in the order published with MediaPipe Face Mesh."""

Pixels = NDArray[np.uint8]

SPRITES: Mapping[str, int] = {
    "lips": 3,
    "teeth_upper": 4,
    "teeth_lower": 4,
    "tongue": 4,
    "tongue_tip": 4,
    **{
        f"eye{side}_{part}": channels
        for side in (0, 1)
        for part, channels in (("closed", 3), ("white", 3), ("iris", 4), ("shade", 4), ("glint", 4), ("opening", 1))
    },
}
"""Sprites and their channels: 3 is BGR, 4 is BGRA with colour multiplied by alpha, 1 is a mask.

`lips` is the mouth without the dark line between the lips, the texture of an open mouth. Teeth and tongue lie where
they are when the mouth is closed; `tongue_tip` is the raised tip. Of each eye (0 picture-left, 1 picture-right):
`closed` is the picture with the eye shut, `white` the eyeball without iris, `iris` a whole disc, `shade` the shadow
of the lid, `glint` the reflection, `opening` where the eyeball is seen.
"""


class BundleError(ValueError):
    """The folder is not a usable bundle; the message says why."""


@dataclass(frozen=True, slots=True)
class VoiceHint:
    """Which voice suits the face. `pitch` multiplies the voice's own (1 leaves it)."""

    gender: Literal["female", "male"]
    pitch: float = 1.0


@dataclass(frozen=True, slots=True)
class Meta:
    """What a bundle is. `kind` says where it came from: drawn, portrait (one photo) or footage."""

    replica_id: str
    name: str
    kind: Literal["drawn", "portrait", "footage"]
    width: int
    height: int
    voice: VoiceHint
    description: str = ""

    @classmethod
    def read(cls, folder: Path) -> Meta:
        """Read `meta.json` alone (no picture is opened). Raises `BundleError`."""
        path = folder / "meta.json"
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise BundleError(f"There is no replica in {folder}: meta.json is missing.") from None
        except (OSError, ValueError) as error:
            raise BundleError(f"meta.json of the replica in {folder.name} cannot be read: {error}.") from error
        if not isinstance(raw, dict) or raw.get("format") != FORMAT:
            found = raw.get("format") if isinstance(raw, dict) else None
            raise BundleError(f"The replica in {folder.name} has format {found!r}; this program reads format {FORMAT}.")
        try:
            voice = VoiceHint(gender=raw["voice"]["gender"], pitch=float(raw["voice"].get("pitch", 1.0)))
            meta = cls(
                replica_id=str(raw["replica_id"]),
                name=str(raw["name"]),
                kind=raw["kind"],
                width=int(raw["width"]),
                height=int(raw["height"]),
                voice=voice,
                description=str(raw.get("description", "")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(
                f"meta.json of the replica in {folder.name} lacks or garbles a value: {error}."
            ) from error
        if voice.gender not in ("female", "male") or meta.kind not in ("drawn", "portrait", "footage"):
            raise BundleError(f"meta.json of the replica in {folder.name} has an unknown voice gender or kind.")
        return meta

    def write(self, folder: Path) -> None:
        content = {
            "format": FORMAT,
            "replica_id": self.replica_id,
            "name": self.name,
            "kind": self.kind,
            "width": self.width,
            "height": self.height,
            "voice": {"gender": self.voice.gender, "pitch": self.voice.pitch},
            "description": self.description,
        }
        (folder / "meta.json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Sprite:
    """A small picture (height, width[, channels]) and the base pixel (x, y) of its top left corner."""

    pixels: Pixels
    at: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A replica in memory, in pixels of the base picture.

    `base`, `background`: (height, width, 3) BGR. `matte`: (height, width), 255 is the person. `points`: (468, 2) x and
    y at rest. `depth`: (468,) distance behind the plane of the eyes (nearer is negative). `iris`: (2, 3) centre x, y
    and radius of the picture-left and picture-right iris.
    """

    meta: Meta
    base: Pixels
    background: Pixels
    matte: Pixels
    points: NDArray[np.float32]
    depth: NDArray[np.float32]
    iris: NDArray[np.float32]
    sprites: Mapping[str, Sprite]

    @classmethod
    def load(cls, path: Path | str) -> Bundle:
        """Read and check a folder. Raises `BundleError` with a sentence for people."""
        folder = Path(path)
        meta = Meta.read(folder)
        size = (meta.height, meta.width)
        base = _picture(folder / "base.webp", color=True)
        background = _picture(folder / "background.webp", color=True)
        matte = _picture(folder / "matte.png", color=False)
        for name, picture in (("base", base), ("background", background), ("matte", matte)):
            if picture.shape[:2] != size:
                found = f"{picture.shape[1]}x{picture.shape[0]}"
                raise BundleError(f"The {name} of {meta.name} is {found}, not {meta.width}x{meta.height} as it says.")
        marks = _arrays(folder / "landmarks.npz")
        shapes = {"points": (POINTS, 2), "depth": (POINTS,), "iris": (2, 3)}
        for name, shape in shapes.items():
            if name not in marks or marks[name].shape != shape or not np.isfinite(marks[name]).all():
                raise BundleError(f"The landmarks of {meta.name} have no usable {name!r} of shape {shape}.")
        points = marks["points"].astype(np.float32)
        if (points < 0).any() or (points[:, 0] > meta.width).any() or (points[:, 1] > meta.height).any():
            raise BundleError(f"Landmarks of {meta.name} lie outside the picture.")
        return cls(
            meta=meta,
            base=base,
            background=background,
            matte=matte,
            points=points,
            depth=marks["depth"].astype(np.float32),
            iris=marks["iris"].astype(np.float32),
            sprites=_sprites(_arrays(folder / "sprites.npz"), meta.name),
        )

    def save(self, path: Path | str) -> None:
        """Write the folder, replacing the files of an earlier one."""
        import cv2

        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        self.meta.write(folder)
        thumbnail = cv2.resize(self.base, (320, 180), interpolation=cv2.INTER_AREA)
        for name, picture, options in (
            ("base.webp", self.base, [cv2.IMWRITE_WEBP_QUALITY, 96]),
            ("background.webp", self.background, [cv2.IMWRITE_WEBP_QUALITY, 92]),
            ("matte.png", self.matte, [cv2.IMWRITE_PNG_COMPRESSION, 9]),
            ("thumbnail.jpg", thumbnail, [cv2.IMWRITE_JPEG_QUALITY, 88]),
        ):
            ok, data = cv2.imencode(Path(name).suffix, picture, options)
            if not ok:
                raise BundleError(f"{name} of {self.meta.name} could not be encoded.")
            (folder / name).write_bytes(data.tobytes())
        np.savez_compressed(folder / "landmarks.npz", points=self.points, depth=self.depth, iris=self.iris)
        arrays: dict[str, NDArray[np.generic]] = {}
        for name, sprite in self.sprites.items():
            arrays[name] = sprite.pixels
            arrays[f"{name}_at"] = np.array(sprite.at, np.int32)
        np.savez_compressed(folder / "sprites.npz", **arrays)  # type: ignore[arg-type]


def _picture(path: Path, *, color: bool) -> Pixels:
    import cv2

    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise BundleError(f"The replica in {path.parent.name} has no readable {path.name}.") from error
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR if color else cv2.IMREAD_GRAYSCALE) if data.size else None
    if picture is None:
        raise BundleError(f"{path.name} of the replica in {path.parent.name} is not a picture.")
    return np.asarray(picture, np.uint8)


def _arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    import zipfile

    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise BundleError(f"The replica in {path.parent.name} has no readable {path.name}.") from error


def _sprites(arrays: Mapping[str, NDArray[np.generic]], owner: str) -> dict[str, Sprite]:
    sprites = {}
    for name, channels in SPRITES.items():
        pixels, at = arrays.get(name), arrays.get(f"{name}_at")
        if pixels is None or at is None or pixels.dtype != np.uint8 or at.shape != (2,):
            raise BundleError(f"The sprites of {owner} have no usable {name!r}.")
        if (pixels.shape[2] if pixels.ndim == 3 else 1) != channels:
            raise BundleError(f"The sprite {name!r} of {owner} must have {channels} channels.")
        sprites[name] = Sprite(np.asarray(pixels, np.uint8), (int(at[0]), int(at[1])))
    return sprites
