"""The books and the market file: tables, migrations, the lease, and a dozen transactions named by the domain. Nothing here waits.

`open_books` and `open_market` make or open the two files of a data folder; its lease is a `FolderLease`.
"""

from interlock.store.files import open_books, open_market
from interlock.store.lease import FolderLease

__all__ = ["FolderLease", "open_books", "open_market"]
