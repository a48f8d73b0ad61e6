"""Files in, knowledge out: passages with their page, found by meaning and by word."""
