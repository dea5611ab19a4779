"""Sums over shifted lattices by the fast Fourier transform, on two threads."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Floats = NDArray[np.float64]
Spectrum = NDArray[np.complex128]

WORKERS: Final = 2


class Plane:
    """Transforms of one padded size, wide enough that no sum wraps around.

    Parameters
    ----------
    shape
        Of the lattice.
    reach
        Largest shift in rows and columns.
    """

    def __init__(self, shape: tuple[int, int], reach: tuple[int, int]) -> None:
        self.shape = shape
        self.padded: tuple[int, int] = (
            int(fft.next_fast_len(shape[0] + reach[0], real=True)),
            int(fft.next_fast_len(shape[1] + reach[1], real=True)),
        )

    def forward(self, values: Floats) -> Spectrum:
        """Return the spectrum of values padded with zeros."""
        return np.asarray(fft.rfft2(values, s=self.padded, workers=WORKERS))

    def back(self, spectrum: Spectrum) -> Floats:
        """Return the padded plane of a spectrum."""
        return np.asarray(fft.irfft2(spectrum, s=self.padded, workers=WORKERS, overwrite_x=True))


def moving_sums(fields: tuple[Floats, ...], kernels: tuple[Floats, ...]) -> list[list[Floats]]:
    """Return, for every kernel and field, sum_d kernel(d) field(s + d) at every cell s.

    Kernels have an odd number of rows and columns and their origin in the middle; beyond the
    lattice the fields are zero.
    """
    shape: Any = fields[0].shape
    reach = tuple(max(k.shape[axis] for k in kernels) // 2 for axis in (0, 1))
    plane = Plane(shape, (reach[0], reach[1]))
    spectra = [plane.forward(field) for field in fields]
    made = []
    for kernel in kernels:
        top, left = kernel.shape[0] // 2, kernel.shape[1] // 2
        placed = np.zeros(plane.padded)
        placed[: kernel.shape[0], : kernel.shape[1]] = kernel
        turned = np.conj(plane.forward(np.roll(placed, (-top, -left), axis=(0, 1))))
        sums = [plane.back(turned * spectrum) for spectrum in spectra]
        made.append([one[: shape[0], : shape[1]] for one in sums])
    return made
