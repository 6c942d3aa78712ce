"""Whether ledger and exchange agree: drift, orphans, and what each difference calls for."""
