"""A session of decisions: what is left, what was decided here, and writing each decision at once."""

from dataclasses import dataclass, field
from threading import Lock

from textclf.data.corrections import Correction, Line, check_label
from textclf.errors import InputError
from tools.audit.queue import Item
from tools.audit.store import Gone, Store, row_key

ACTIONS = ("keep", "relabel", "drop")


@dataclass
class Session:
    """Items in the order in which they are shown, the labels that there are, and who decides."""

    items: list[Item]
    labels: list[str]
    store: Store
    by: str
    _made: dict[str, Correction] = field(default_factory=dict)  # by the rows' keys
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._by_key = {item.key: item for item in self.items}

    def item(self, key: str) -> Item:
        """Return the item with this key; `InputError` if there is none."""
        if key not in self._by_key:
            raise InputError("no such row is in this list")
        return self._by_key[key]

    def left(self) -> list[Item]:
        """Return the items that nobody has decided about, here or in another process."""
        known = {row_key(line.correction) for line in self.store.lines()}
        return [item for item in self.items if item.key not in known]

    def decide(self, key: str, action: str, label: str, reason: str) -> None:
        """Write a decision; `InputError` for one that can't be, `AlreadyJudged` if there is one."""
        decision = checked(self.item(key), action, label, self, reason)
        with self._lock:
            self.store.add([Line("this decision", decision)])
            self._made[key] = decision

    def undo(self, key: str) -> None:
        """Take the decision about the row with this key back; `Gone` if it isn't there, or not of this session."""
        with self._lock:
            if key not in self._made:
                raise Gone("nothing to undo: this decision was taken back already, or the tool started anew since")
            self.store.remove(self._made[key])
            del self._made[key]

    @property
    def decided(self) -> int:
        """How many decisions were made in this session."""
        return len(self._made)


def checked(item: Item, action: str, label: str, session: Session, reason: str) -> Correction:
    """Return the decision about `item`, or raise `InputError` if `download` would not take it."""
    if action not in ACTIONS:
        raise InputError(f"action {action!r}; allowed: {', '.join(ACTIONS)}")
    if not item.id and action == "drop":
        raise InputError("a message that is not in the data set can't be dropped; skip it")
    if not item.id and action == "keep" and not item.given:
        raise InputError("nobody has given this message a label; choose one")
    if action != "relabel" and label.strip() not in ("", item.given):
        what = f"keep leaves the label {item.given!r}" if action == "keep" else "drop needs no label"
        raise InputError(f"{what}, but the label {label.strip()!r} is filled in; relabel, or empty the cell")
    decision = item.decide(action, label.strip(), session.by, reason.strip())
    if action != "drop":
        check_label(decision.label, session.labels, action)
    if decision.action == "relabel" and decision.label == item.given:
        raise InputError(f"the row already has the label {decision.label!r}; keep it instead")
    return decision
