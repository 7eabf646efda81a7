"""Contact sheets of the stock characters for the documentation: `python art/contact_sheet.py`."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from visavis.replica import stock
from visavis.replica.bundle import Bundle
from visavis.replica.pose import ARTICULATORS, Pose
from visavis.replica.render import MeshRenderer

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
VISEMES = {
    "rest": {},
    "p b m": {"press": 0.8},
    "f v": {"tuck": 1.0, "up": 0.45, "jaw": 0.05},
    "th l": {"jaw": 0.20, "wide": 0.1, "up": 0.3, "low": 0.25, "tongue": 1.0},
    "s z": {"jaw": 0.06, "wide": 0.35, "up": 0.40, "low": 0.45},
    "sh ch": {"jaw": 0.10, "round": 0.5, "up": 0.5, "low": 0.5},
    "aa": {"jaw": 0.80, "up": 0.30, "low": 0.35, "wide": 0.10},
    "e": {"jaw": 0.42, "wide": 0.45, "up": 0.38, "low": 0.42},
    "i": {"jaw": 0.18, "wide": 0.70, "up": 0.38, "low": 0.48},
    "o": {"jaw": 0.55, "round": 0.75, "up": 0.25, "low": 0.20},
    "u": {"jaw": 0.25, "round": 1.0, "up": 0.20, "low": 0.20},
}


def poses() -> dict[str, Pose]:
    spoken = {
        name: Pose(mouth=np.array([v.get(a, 0.0) for a in ARTICULATORS], np.float32)) for name, v in VISEMES.items()
    }
    return spoken | {
        "blink": Pose(blink=1.0),
        "look aside": Pose(gaze_x=0.9),
        "smile": Pose(smile=0.9, brow=0.3),
        "turn": Pose(yaw=4, roll=3, gaze_x=-0.4),
    }


def sheet(bundle: Bundle) -> np.ndarray:
    renderer = MeshRenderer(bundle, 512, 512)
    tiles = []
    for name, pose in poses().items():
        picture = cv2.resize(renderer.draw_bgr(pose)[70:390, 112:400], (234, 260), interpolation=cv2.INTER_AREA)
        picture[236:] //= 2
        cv2.putText(picture, name, (9, 253), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
        tiles.append(picture)
    return np.vstack([np.hstack(tiles[i : i + 5]) for i in range(0, len(tiles), 5)])


if __name__ == "__main__":
    IMAGES.mkdir(parents=True, exist_ok=True)
    for folder in stock.bundles().values():
        bundle = Bundle.load(folder)
        ok, data = cv2.imencode(".jpg", sheet(bundle), [cv2.IMWRITE_JPEG_QUALITY, 82])
        assert ok
        (IMAGES / f"replica-{bundle.meta.name.lower()}.jpg").write_bytes(data.tobytes())
