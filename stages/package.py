"""Package: put classifier, preparation, temperature, out-of-scope rule and replies into one folder, with checksums.

The folder is the model that `textclf.load` reads and that is served, exported, published or registered.
"""

import shutil
from pathlib import Path

from textclf import process
from textclf.inference.files import CALIBRATION_FILE, OOS_FOLDER, PREPARATION_FOLDER, REPLIES_FILE, write_checksums

TRAINED = Path("models/trained")
PREPARATION = Path("data/preparation")
CALIBRATION = Path("models/calibration.json")
OOS = Path("models/oos")
REPLIES = Path("data/replies.json")
MODEL = Path("models/classifier")


def main() -> None:
    """Write models/classifier."""
    shutil.copytree(TRAINED, MODEL, dirs_exist_ok=True)
    shutil.copytree(PREPARATION, MODEL / PREPARATION_FOLDER, dirs_exist_ok=True)
    shutil.copy(CALIBRATION, MODEL / CALIBRATION_FILE)
    shutil.copytree(OOS, MODEL / OOS_FOLDER, dirs_exist_ok=True)
    shutil.copy(REPLIES, MODEL / REPLIES_FILE)
    write_checksums(MODEL)


if __name__ == "__main__":
    process.run(main)
