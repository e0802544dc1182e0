"""The question packs that come with prep: YAML only, one folder a pack, one file a question."""
