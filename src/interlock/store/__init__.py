"""The books and the market file: tables, migrations, the lease, and a dozen transactions named by the domain. Nothing here waits.

`open_books` and `open_market` make or open the two files of a data folder, `hold` takes its lease.
"""

from interlock.store.files import open_books, open_market
from interlock.store.lease import Lease, hold

__all__ = ["Lease", "hold", "open_books", "open_market"]
