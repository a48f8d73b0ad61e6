"""What services that ask a language model share."""
