"""Preparation of texts: named steps that come before the tokenizer, in training and wherever a text is answered."""
