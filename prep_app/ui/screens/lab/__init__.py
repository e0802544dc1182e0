"""The lab: every demo by question, and how its checks stand on this machine."""
