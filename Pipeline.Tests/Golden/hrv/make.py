"""Heart rate variability of drawn intervals by other programs. Each case is two lines: the intervals in ms; then
sdnn rmssd pnn50 lf hf by hrv-analysis, and sd1 sd2 by the definition of Brennan 2001 (doi:10.1109/10.959330) that NeuroKit2 has."""
import numpy as np
from hrvanalysis import get_frequency_domain_features, get_time_domain_features

random = np.random.default_rng(20261201)
for mean, slow, breath, noise in [(850, 40, 30, 10), (600, 5, 8, 2), (1100, 20, 90, 30), (430, 15, 3, 1)]:
    time, intervals = 0.0, []
    while time < 298:
        interval = mean + slow * np.sin(2 * np.pi * 0.09 * time) + breath * np.sin(2 * np.pi * 0.25 * time) + noise * random.standard_normal()
        intervals.append(round(interval * 8) / 8)
        time += intervals[-1] / 1000
    times, bands = get_time_domain_features(intervals), get_frequency_domain_features(intervals)
    turned = np.array([np.array(intervals)[:-1] - np.array(intervals)[1:], np.array(intervals)[:-1] + np.array(intervals)[1:]]) / np.sqrt(2)
    print(*intervals)
    print(*(repr(float(value)) for value in (
        times["sdnn"], times["rmssd"], times["pnni_50"], bands["lf"], bands["hf"], *turned.std(axis=1, ddof=1))))
