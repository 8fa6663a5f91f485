"""Keras on JAX; several networks are fitted one after the other."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"
import keras

from timing.case import CLASSES, INPUTS, LEARNING_RATE, Case, Trainer


def prepare(case: Case, threads: int) -> list[Trainer]:
    """Return the case as Keras trains it.

    One compiled model is fitted again and again for the networks of a population: that saves the
    time of compiling, which is not what is measured.
    """
    del threads  # JAX counts the processors that it may use
    keras.utils.set_random_seed(0)
    x, y = case.data()
    hidden = [keras.layers.Dense(units, activation="relu") for units in case.units]
    model = keras.Sequential([keras.Input((INPUTS,)), *hidden, keras.layers.Dense(CLASSES)])
    model.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    start = model.get_weights()

    def run(epochs: int) -> None:
        for _ in range(case.members):
            model.set_weights(start)
            model.fit(x, y, batch_size=case.batch, epochs=epochs, verbose=0)

    def loss() -> float:
        return float(model.evaluate(x, y, batch_size=len(x), verbose=0))

    return [Trainer(run, loss, "one after the other" if case.members > 1 else "")]
