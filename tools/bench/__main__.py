"""Benchmark: the classifier in transformers' pipeline, in this project, and exported; `make bench`.

All of them label the same test rows in one run, together and one by one. The figures are kept in results/speed/.
"""

from tools import command


def main() -> None:
    """Measure, write results/speed/<dataset>.json, and print the table."""
    command.parser("bench", __doc__).parse_args()
    from textclf.classifiers.encoder import Encoder
    from textclf.errors import InputError
    from textclf.inference.model import load_model
    from textclf.outputs import write_json
    from textclf.revisions import check_committed
    from tools.bench import speed_table
    from tools.bench.measure import result
    from tools.runs.run import open_run
    from tools.runs.stale import check_current

    run = open_run()
    check_current(run)
    check_committed()
    classifier = load_model(exact=True).classifier
    if not isinstance(classifier, Encoder):
        raise InputError(f"transformers.pipeline can't load the classifier of method {run.params['method']}")
    write_json(speed_table.path(run.params["dataset"]), result(run, classifier))
    print("\n".join(speed_table.rows(run.params["dataset"])))


if __name__ == "__main__":
    command.run(main)
