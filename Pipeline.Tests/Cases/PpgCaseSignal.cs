using System.Runtime.InteropServices;
using Pipeline.Models.Signals;

namespace Pipeline.Tests.Cases;

/// <summary>
/// One channel of PPG made from a seed: with known pulses, or with none. Values are counts of a converter about 2,000 unless a kind says
/// otherwise. Each method adds its part to the samples; the order of the calls is the order of the layers.
/// </summary>
internal sealed class PpgCaseSignal
{
    private readonly Random _random;
    private readonly double[] _samples;

    public PpgCaseSignal(double rateHz, double seconds, int seed)
    {
        (RateHz, _random) = (rateHz, new Random(seed));
        _samples = new double[(int)(rateHz * seconds)];
        Array.Fill(_samples, 2000);
    }

    public double RateHz { get; }

    public double Seconds => _samples.Length / RateHz;

    /// <summary>Samples; NaN is a missing one.</summary>
    public ReadOnlySpan<double> Samples => _samples;

    /// <summary>When pulses begin, in seconds.</summary>
    public List<double> Onsets { get; } = [];

    /// <summary>White noise.</summary>
    public PpgCaseSignal White(double deviation) => Each(_ => deviation * Normal());

    /// <summary>A random walk: its spectrum falls with the square of the frequency.</summary>
    public PpgCaseSignal Walk(double deviationInOneSecond)
    {
        var (step, at) = (deviationInOneSecond / Math.Sqrt(RateHz), 0.0);
        return Each(_ => at += step * Normal());
    }

    /// <summary>Noise whose spectrum ends at <paramref name="cutoffHz"/> (two poles).</summary>
    public PpgCaseSignal Smooth(double deviation, double cutoffHz)
    {
        var part = 1 - Math.Exp(-2 * Math.PI * cutoffHz / RateHz);
        var gain = deviation * Math.Sqrt(2 / part);
        double first = 0, second = 0;
        return Each(_ =>
        {
            first += part * (gain * Normal() - first);
            return second += part * (first - second);
        });
    }

    /// <summary>Breathing: a wave with a second harmonic, a tenth of it changing from breath to breath.</summary>
    public PpgCaseSignal Breathing(double perMinute, double depth, double secondHarmonic = 0)
    {
        var (phase, rate, size) = (_random.NextDouble(), perMinute, depth);
        return Each(_ =>
        {
            var before = phase;
            phase += rate / 60 / RateHz;
            if (Math.Floor(phase) > Math.Floor(before))
                (rate, size) = (perMinute * (1 + 0.05 * Normal()), depth * (1 + 0.1 * Normal()));
            return size * (Math.Sin(2 * Math.PI * phase) + secondHarmonic * Math.Sin(4 * Math.PI * phase + 1));
        });
    }

    /// <summary>
    /// Pulses of <paramref name="height"/> until <paramref name="end"/>, at intervals that <paramref name="interval"/> gives from the
    /// time in seconds. The heart's filling shows: a pulse after a short interval is low.
    /// </summary>
    public PpgCaseSignal Pulses(double height, Func<double, double> interval, double dicrotic = 0.3, double end = double.PositiveInfinity)
    {
        var usual = interval(0);
        var before = usual;
        for (var t = -2.0; t < Math.Min(end, Seconds);)
        {
            var length = Math.Max(0.25, interval(t));
            if (t >= 0)
                Onsets.Add(t);
            Add(t, Math.Min(length, usual), height * Math.Clamp(before / usual, 0.3, 1.3), dicrotic);
            t += before = length;
            usual += 0.1 * (length - usual);
        }
        return this;
    }

    /// <summary>Regular pulses at <paramref name="perMinute"/> with breathing's share in the intervals.</summary>
    public PpgCaseSignal Steady(double perMinute, double height = 100, double dicrotic = 0.3, double end = double.PositiveInfinity) =>
        Pulses(height, t => 60 / perMinute * (1 + 0.03 * Math.Sin(2 * Math.PI * 0.25 * t) + 0.01 * Normal()), dicrotic, end);

    /// <summary>Atrial fibrillation: intervals without order.</summary>
    public PpgCaseSignal Fibrillation(double perMinute, double variation, double height = 100) =>
        Pulses(height, _ => 60 / perMinute * Math.Clamp(1 + variation * Normal(), 0.45, 2.2), 0.15);

    /// <summary>Rounded to whole counts.</summary>
    public PpgCaseSignal Counts() => Change((_, value) => Math.Round(value));

    /// <summary>
    /// Loses packets of <paramref name="seconds"/> with the given chance; what is lost becomes NaN, <paramref name="fill"/>, or the last
    /// value where that is infinite.
    /// </summary>
    public PpgCaseSignal Lose(double seconds, double chance, double fill = double.NaN)
    {
        var (last, lost, packet) = (2000.0, false, -1L);
        return Change((t, value) =>
        {
            var here = (long)(t / seconds);
            if (here != packet)
                (packet, lost) = (here, _random.NextDouble() < chance);
            if (lost)
                return double.IsInfinity(fill) ? last : fill;
            return last = value;
        });
    }

    /// <summary>Replaces every <paramref name="nth"/> pulse's steepest 0.25 s by <paramref name="fill"/>.</summary>
    public PpgCaseSignal LosePulses(int nth, double fill = double.NaN)
    {
        foreach (var onset in Onsets.Where((_, i) => i % nth == nth / 2))
            for (var i = (int)((onset + 0.02) * RateHz); i < (onset + 0.27) * RateHz && i < _samples.Length; i++)
                _samples[i] = fill;
        return this;
    }

    /// <summary>Each sample anew, from its time and value.</summary>
    public PpgCaseSignal Change(Func<double, double, double> change)
    {
        for (var i = 0; i < _samples.Length; i++)
            _samples[i] = change(i / RateHz, _samples[i]);
        return this;
    }

    /// <summary>As a device sends it, a chunk a second.</summary>
    public IEnumerable<SampleChunk> Chunks()
    {
        var step = (int)RateHz;
        for (var start = 0; start < _samples.Length; start += step)
        {
            var taken = Math.Min(step, _samples.Length - start);
            var stored = new float[taken];
            for (var i = 0; i < taken; i++)
                stored[i] = (float)_samples[start + i];
            yield return new SampleChunk
            {
                Patient = new PatientId("p"),
                Bed = "",
                Ward = "",
                Device = "finger",
                Epoch = 0,
                RateHz = RateHz,
                FirstSampleIndex = start,
                FirstSampleTime = new Timestamp((long)(start / RateHz * 1e9)),
                Channels = new ChannelLayout([new Channel("PPG", SignalKind.Ppg, "1")]),
                SampleCount = taken,
                Format = SampleFormat.Float32,
                Samples = MemoryMarshal.AsBytes<float>(stored).ToArray(),
                EndOfStream = start + step >= _samples.Length,
            };
        }
    }

    /// <summary>60 over the mean of the intervals between the pulses in a window; NaN with fewer than two.</summary>
    public double RateIn(double start, double end)
    {
        var inside = Onsets.Where(t => t >= start && t < end).ToList();
        return inside.Count < 2 ? double.NaN : 60 * (inside.Count - 1) / (inside[^1] - inside[0]);
    }

    private void Add(double onset, double length, double height, double dicrotic)
    {
        // Systole keeps its length better than diastole does; both waves end within the interval.
        var scale = Math.Sqrt(Math.Min(length, 1.2));
        for (var i = Math.Max(0, (int)(onset * RateHz)); i < _samples.Length && i < (onset + 1.6) * RateHz; i++)
        {
            var t = (i / RateHz - onset) / scale;
            _samples[i] += height * (Bell((t - 0.16) / 0.075) + 0.4 * Bell((t - 0.27) / 0.11) + dicrotic * Bell((t - 0.46) / 0.08));
        }
    }

    private PpgCaseSignal Each(Func<double, double> part) => Change((t, value) => value + part(t));

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    private static double Bell(double x) => Math.Exp(-x * x);
}
