"""Packs: from YAML to questions and cards, with every fault named."""
