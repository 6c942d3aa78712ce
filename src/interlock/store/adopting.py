"""Orders that restored books did not know, written as intents again, with the exchange's word about each as its first evidence."""

from collections.abc import Sequence

from interlock.orders.evidence import Evidence
from interlock.reconcile.adoption import Adopted, facts_of
from interlock.store.intent_rows import INTENTS
from interlock.store.learning import learn
from interlock.store.order_steps import keep_step
from interlock.store.records import VERDICTS, AccountRow, Judged
from interlock.store.rows import Rows
from interlock.values import Instant

ADOPTED = "ADOPTED"


def adopt(rows: Rows, account: AccountRow, now: Instant, found: Sequence[Adopted]) -> None:
    """Each order once: whoever is known is left as it is."""
    for each in found:
        rows.add(VERDICTS, Judged(each.verdict.id, each.verdict.at, each.verdict))
        if rows.add(INTENTS, each.intent):
            said = f"the exchange has order {each.fact.order_id}, which the restored books did not know"
            keep_step(rows, each.intent.id, now, ADOPTED, each.fact.source, said)
    learn(rows, account, now, Evidence(facts_of(found)))
