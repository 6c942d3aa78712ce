"""What is measured of a run. Each is a pure function of it, with its formula; what is undefined is None, never zero and never NaN."""
