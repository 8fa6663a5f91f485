"""What the predictions of a model are worth, in all the measures that people ask for."""
