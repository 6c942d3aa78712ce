"""Entries of the ledger as rows, and back: a head and its postings."""

from collections import defaultdict

from interlock.ledger.book import Entry, Posting
from interlock.store.records import ENTRIES, POSTINGS, EntryHead, PostingRow
from interlock.store.rows import Rows


def write_entry(rows: Rows, entry: Entry) -> bool:
    """Books the entry, and says whether it was new; the same cause twice is booked once."""
    if not rows.add(ENTRIES, EntryHead(entry.cause, entry.at)):
        return False
    for n, p in enumerate(entry.postings):
        rows.add(POSTINGS, PostingRow(entry.cause, n, p.account, p.currency, p.amount))
    return True


def read_entries(rows: Rows) -> tuple[Entry, ...]:
    """The whole ledger, oldest first; an entry that does not sum to zero raises."""
    postings: defaultdict[str, list[Posting]] = defaultdict(list)
    for row in rows.find(POSTINGS):
        postings[row.cause].append(row.posting)
    heads = rows.find(ENTRIES)
    return tuple(Entry(head.cause, head.at, tuple(postings[head.cause])) for head in heads)
