# Facts of recordings, from their raw bytes: dataset, file, signal, label, rate, samples, missing, then mean, deviation, first and last of the
# physical values (stored - baseline) / gain. Run: python3 recordings.py FOLDER > recordings.csv, FOLDER holding the unpacked data sets.
import csv, re, sys, wave
import numpy as np

def show(dataset, file, number, label, rate, x):
    y = x[~np.isnan(x)]
    print(",".join([dataset, file, str(number), label, repr(float(rate)), str(len(x)), str(int(np.isnan(x).sum()))]
                   + ["%.9g" % v for v in (y.mean(), y.std(), x[0], x[-1])]))

def wfdb(root, dataset, file):
    lines = [l.strip() for l in open(f"{root}/{dataset}/{file}", encoding="latin-1") if l.strip() and not l.startswith("#")]
    head = lines[0].split(); count, rate, n = int(head[1]), float(head[2]), int(head[3])
    signals = [l.split(None, 8) for l in lines[1:1 + count]]
    stored = [None] * count
    for name in dict.fromkeys(s[0] for s in signals):
        own = [i for i, s in enumerate(signals) if s[0] == name]
        form, _, offset = signals[own[0]][1].partition("+")
        raw = np.fromfile(f"{root}/{dataset}/{name}", np.uint8)[int(offset or 0):]
        if form == "16":
            v = raw[:len(raw) // 2 * 2].view("<i2").astype(float); v[v == -32768] = np.nan
        else:
            t = raw[:len(raw) // 3 * 3].reshape(-1, 3).astype(int)
            v = np.stack([t[:, 0] | (t[:, 1] & 15) << 8, t[:, 2] | (t[:, 1] & 240) << 4], 1).ravel()
            v = np.where(v > 2047, v - 4096, v).astype(float); v[v == -2048] = np.nan
        v = v[:n * len(own)].reshape(n, len(own))
        for c, i in enumerate(own): stored[i] = v[:, c]
    for i, s in enumerate(signals):
        m = re.match(r"([-+.\deE]*)(?:\(([-\d]+)\))?", s[2])
        gain = float(m[1]) or 200
        baseline = float(m[2]) if m[2] else float(s[4])
        show(dataset, file, i, s[8].strip(), rate, (stored[i] - baseline) / gain)

def edf(root, dataset, file):
    b = open(f"{root}/{dataset}/{file}", "rb").read(); ns = int(b[252:256]); at = 256
    def column(width):
        nonlocal at
        values = [b[at + i * width:at + (i + 1) * width].decode("latin-1").strip() for i in range(ns)]; at += ns * width
        return values
    label, _, unit = column(16), column(80), column(8)
    pmin, pmax, dmin, dmax = (list(map(float, column(8))) for _ in range(4))
    column(80); per = list(map(int, column(8))); column(32)
    records, duration = int(b[236:244]), float(b[244:252])
    v = np.frombuffer(b, "<i2", records * sum(per), at).reshape(records, -1).astype(float); c = 0
    for i in range(ns):
        x = v[:, c:c + per[i]].ravel(); c += per[i]
        if label[i] != "EDF Annotations":
            show(dataset, file, i, label[i], per[i] / duration, (np.maximum(x, -32767) - dmin[i]) * (pmax[i] - pmin[i]) / (dmax[i] - dmin[i]) + pmin[i])

def wav(root, dataset, file):
    w = wave.open(f"{root}/{dataset}/{file}")
    show(dataset, file, 0, "PCG", w.getframerate(), np.maximum(np.frombuffer(w.readframes(w.getnframes()), "<i2"), -32767) / 32768)

def table(root, dataset, file, rate):
    rows = [list(map(float, r)) for r in csv.reader(open(f"{root}/{dataset}/{file}")) if not re.match("[a-zA-Z]", r[0])]
    show(dataset, file, 0, "hr" if len(rows[0]) > 1 else "column1", rate or 1000 * (len(rows) - 1) / (rows[-1][0] - rows[0][0]), np.array(rows)[:, -1])

root = sys.argv[1]
print("dataset,file,signal,label,rate,samples,missing,mean,deviation,first,last")
for dataset, file in [("spc2015", "train_01_TYPE01.hea"), ("bami", "bami1_s01.hea"), ("bidmc", "bidmc_01.hea"), ("cinc2013", "a01.hea"),
                      ("cinc2015", "a103l.hea"), ("cinc2016-pcg", "a0005.hea"), ("ctu-uhb", "1001.hea"), ("icu_abp_samples", "testicu.hea"),
                      ("mitdb", "101.hea"), ("mw_ppg", "mw_01.hea"), ("nstdb", "em.hea"), ("rppg_monkey", "monkey_session1.hea")]:
    wfdb(root, dataset, file)
edf(root, "adfecgdb", "r01.edf")
wav(root, "cinc2016-pcg", "a0005.wav")
table(root, "toolbox_samples", "heartpy_data.csv", 100)
table(root, "toolbox_samples", "heartpy_data2.csv", None)
