"""The gate: which rules of review.yaml a run breaks."""

from tools.review.report import Report
from tools.review.rules import Rules


def broken_rules(report: Report, rules: Rules) -> list[str]:
    """Return a sentence for each rule that the head breaks.

    A score breaks its rule if the worse end of its 95% interval lies beyond the margin: such a loss cannot be ruled
    out. A slice breaks its rule if the whole interval lies beyond the margin: the loss is shown.
    """
    sentences = []
    scores = report.differences.scores.set_index("metric")
    for metric, rule in rules.metrics.items():
        low, high = scores.loc[metric, ["low", "high"]]
        loss = -low if rule.direction == "higher" else high
        if loss > rule.margin:
            allowed = f"review.yaml allows {rule.margin:.4f}"
            sentences.append(f"{metric}: a loss of {loss:.4f} cannot be ruled out (95% interval); {allowed}")
    for part in rules.slices:
        rows = report.slices[(report.slices["by"] == part.by) & (report.slices["slice"] == part.slice)]
        for _, row in rows.iterrows():
            if row["high"] < -part.margin:
                lost = f"accuracy dropped by {100 * -row['difference']:.1f} points"
                beyond = "the whole 95% interval is beyond the allowed margin"
                sentences.append(f"slice {part.by} = {part.slice}: {lost}; {beyond}")
    return sentences
