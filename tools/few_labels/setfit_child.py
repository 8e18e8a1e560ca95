"""Train SetFit and label the test texts; run by setfit_environment in an environment that has SetFit.

The file that is named on the command line says what on; it is JSON, and so is the answer.
"""

import json
import sys
import time
from pathlib import Path


def main() -> None:
    """Write the predicted labels' numbers and the CPU seconds of training."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments  # type: ignore[import-not-found]

    start = time.process_time()
    model = SetFitModel.from_pretrained(job["folder"])
    arguments = TrainingArguments(num_iterations=job["iterations"], report_to="none", save_strategy="no")
    rows = Dataset.from_dict({"text": job["texts"], "label": job["labels"]})
    Trainer(model=model, args=arguments, train_dataset=rows).train()
    seconds = time.process_time() - start
    predicted = [int(label) for label in model.predict(job["test"])]
    Path(job["answer"]).write_text(json.dumps({"predicted": predicted, "cpu_seconds": seconds}), encoding="utf-8")


if __name__ == "__main__":
    main()
