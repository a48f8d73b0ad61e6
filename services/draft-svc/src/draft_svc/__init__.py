"""Reply drafts in the voice of the right persona."""
