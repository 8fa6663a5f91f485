"""What the description and the arrays of a model must be, checked before they are used."""
