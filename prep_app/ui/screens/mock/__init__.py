"""The mock interview: what was agreed, the questions against the clock, the marking, the report."""
