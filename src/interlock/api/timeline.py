"""What the API shows of one order: itself, and the lines of its timeline with their evidence."""

from interlock.api.views import Json, intent_row
from interlock.evidence.timeline import OrderRecord, sentence, timeline
from interlock.values import Instant


def order_timeline(record: OrderRecord, now: Instant) -> Json:
    """The order in one sentence and in full, its lot, and every line; a time that nobody kept is null."""
    lot = record.lot
    return {
        "sentence": sentence(record.intent),
        "order": intent_row(record.intent, now),
        "lot": {
            "lot_id": lot.id,
            "remaining": lot.remaining,
            "exit_reason": lot.exit_reason,
            "closed_at": lot.closed_at.iso() if lot.closed_at else None,
        }
        if lot
        else None,
        "timeline": [
            {
                "at": line.at.iso() if line.at else None,
                "event": line.event,
                "said": line.said,
                "source": line.source,
                "who": line.who,
            }
            for line in timeline(record)
        ],
    }
