"""Runs what is exported as C on emulated boards: a Cortex-M3 in QEMU, an ATmega1284 in simavr."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from madaline._apps.export.c_code import c_code
from madaline._apps.export.program import Program
from madaline.nn.arrays import Array

BOARDS = {
    "cortex-m3": ("arm-none-eabi-gcc", "qemu-system-arm"),
    "atmega1284": ("avr-gcc", "simavr"),
}
"""What each board needs."""

boards = pytest.mark.parametrize(
    "board",
    [
        pytest.param(
            board,
            marks=pytest.mark.skipif(
                not all(map(shutil.which, tools)), reason=f"{' or '.join(tools)} is not installed"
            ),
        )
        for board, tools in BOARDS.items()
    ],
)

_MAIN = """
#include "model.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#ifdef __AVR__
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
static int put(char one, FILE *file) { (void)file; UDR0 = one; return 0; }
static FILE out;
#else
extern void _start(void);
__attribute__((section(".vectors"), used)) static void *const vectors[] = {
    (void *)0x20100000, (void *)_start};
#endif
static const double rows[][MODEL_COLUMNS] = {%(rows)s};
int main(void)
{
#ifdef __AVR__
    fdev_setup_stream(&out, put, 0, _FDEV_SETUP_WRITE);
    stdout = &out;
#endif
    for (unsigned row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        static model_answer answer;
        int status = model_predict(rows[row], %(coverage)s&answer);
        printf("status %%d", status);
        for (int k = 0; k < %(n)d; k++) {
            float one = (float)answer.%(field)s[k];
            unsigned long bits = 0;
            memcpy(&bits, &one, 4);
            printf(" %%08lx", bits);
        }
        printf("\\n");
    }
#ifdef __AVR__
    cli();
    sleep_enable();
    sleep_cpu();
#endif
    return 0;
}
"""

_ARM = (
    "arm-none-eabi-gcc -std=gnu99 -Os -mcpu=cortex-m3 -mthumb --specs=rdimon.specs main.c model.c -lm"
    " -Wl,--section-start=.vectors=0 -Wl,--section-start=.init=0x100 -Wl,-Ttext=0x400"
    " -Wl,-Tdata=0x20000000 -o model.elf"
)
_QEMU = "qemu-system-arm -M mps2-an385 -nographic -semihosting -kernel model.elf"
_AVR = "avr-gcc -std=gnu99 -Os -mmcu=atmega1284 main.c model.c -lm -o model.elf"
_SIMAVR = "simavr -m atmega1284 -f 16000000 model.elf"


def run_on(board: str, program: Program, folder: Path, rows: Array) -> Array:
    """Return what a board predicts for a few rows of typed values, (n_rows, n_outputs)."""
    for ending, text in c_code(program, "model").items():
        (folder / f"model{ending}").write_text(text)
    values = ["{" + ", ".join(map(_number, row)) + "}" for row in rows.tolist()]
    facts = {
        "rows": ", ".join(values),
        "coverage": "0.9, " if program.intervals else "",
        "n": program.sizes[program.prediction],
        "field": "probabilities" if program.labels else "prediction",
    }
    (folder / "main.c").write_text(_MAIN % facts)
    build, emulate = (_ARM, _QEMU) if board == "cortex-m3" else (_AVR, _SIMAVR)
    subprocess.run(build.split(), cwd=folder, check=True)
    done = subprocess.run(
        emulate.split(), cwd=folder, check=True, capture_output=True, text=True, timeout=300
    )
    lines = [line for line in (done.stdout + done.stderr).splitlines() if "status" in line]
    found = [line[line.index("status") :].rstrip(".").split()[1:] for line in lines]
    assert [status for status, *_ in found] == ["0"] * len(rows)
    bits = np.array([[int(own[:8], 16) for own in own] for _, *own in found], np.uint32)
    return bits.view(np.float32).astype(np.float64)


def _number(value: float) -> str:
    return "NAN" if np.isnan(value) else repr(value)
