# Reference of FetalResidual, by SciPy 1.10: python3 residual.py > residual.txt
import numpy as np
from scipy import signal

x = np.random.default_rng(15).standard_normal(1200).cumsum() * 0.01
both = np.vstack([signal.butter(2, 8, "high", fs=250, output="sos"), signal.butter(2, 60, "low", fs=250, output="sos")])
y = signal.sosfiltfilt(both, x, padlen=60)
half = 375
level = np.array([np.sqrt(np.mean(y[max(0, i - half):i - half + 750] ** 2)) for i in range(len(y))])
z = y / (level + 0.2 * level.mean() + 1e-12)
for row in (x, z):
    print(" ".join(f"{v:.6f}" for v in row))
