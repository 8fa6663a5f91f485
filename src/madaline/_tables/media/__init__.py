"""Images, sounds and sequences, and the augmentations that training applies to them."""
