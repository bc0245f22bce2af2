"""Makes the golden files of this folder: /usr/bin/python3 make.py  (SciPy 1.10.1, NumPy 1.24.2; seed 20260701)."""
import numpy as np
from scipy import fft, signal

rng = np.random.default_rng(20260701)


def save(name, *columns):
    with open(name, "w") as out:
        for column in columns:
            out.write(" ".join(f"{v:.9g}" for v in np.ravel(column)) + "\n")


t = np.arange(1024) / 125.0
x = (np.sin(2 * np.pi * 1.3 * t) + 0.3 * np.sin(2 * np.pi * 7.7 * t + 1) + 0.1 * rng.standard_normal(t.size) + 0.5).astype(np.float32)

# rfft.txt: samples, real, imaginary
spectrum = fft.rfft(x.astype(np.float64))
save("rfft.txt", x, spectrum.real, spectrum.imag)

# stft.txt: |STFT|^2 'spectrum' scaling, no padding, no detrending (scipy.signal.stft); density, mean removed
_, _, z = signal.stft(x, 125, window="hann", nperseg=256, noverlap=192, boundary=None, padded=False, detrend=False, scaling="spectrum")
_, _, density = signal.spectrogram(x, 125, window="hann", nperseg=256, noverlap=192, detrend="constant", scaling="density", mode="psd")
save("stft.txt", x, (np.abs(z) ** 2).T, density.T)
