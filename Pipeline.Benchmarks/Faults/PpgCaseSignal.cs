using Pipeline.Models;
using Pipeline.Models.Filters;
using Pipeline.Models.Signals;

namespace Pipeline.Benchmarks.Faults;

/// <summary>
/// One channel of PPG made from a seed: with known pulses, or with none, alone or beside an accelerometer. Values are counts of a converter
/// about 2,000 unless a kind says otherwise. Each method adds its part to the samples; the order of the calls is the order of the layers.
/// </summary>
internal sealed partial class PpgCaseSignal
{
    private readonly Random _random;
    private readonly double[] _samples;

    public PpgCaseSignal(double rateHz, double seconds, int seed)
        : this(rateHz, (int)(rateHz * seconds), seed)
    {
    }

    private PpgCaseSignal(double rateHz, int samples, int seed)
    {
        (RateHz, _random) = (rateHz, new Random(seed));
        _samples = new double[samples];
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

    /// <summary>
    /// Noise between two edges in Hz, each of 12 dB an octave for each of <paramref name="sections"/>; an edge of 0 or infinity is none.
    /// </summary>
    public PpgCaseSignal Band(double deviation, double lowHz, double highHz, int sections = 1)
    {
        var filters = new List<Biquad>();
        for (var i = 0; i < sections; i++)
        {
            if (lowHz > 0)
                filters.Add(Biquad.HighPass(lowHz, RateHz));
            if (highHz < 0.45 * RateHz)
                filters.Add(Biquad.LowPass(highHz, RateHz));
        }
        var delays = new BiquadDelays[filters.Count];
        return Scaled(deviation, () =>
        {
            var value = Normal();
            for (var f = 0; f < delays.Length; f++)
                value = filters[f].Next(value, ref delays[f]);
            return value;
        });
    }

    /// <summary>White noise under a running mean, even or with tapered ends, of <paramref name="seconds"/>.</summary>
    public PpgCaseSignal Averaged(double deviation, double seconds, bool isTapered)
    {
        var weights = new double[Math.Max(2, (int)Math.Round(seconds * RateHz))];
        for (var i = 0; i < weights.Length; i++)
            weights[i] = isTapered ? 1 - Math.Cos(2 * Math.PI * (i + 0.5) / weights.Length) : 1;
        var (ring, at) = (new double[weights.Length], 0);
        return Scaled(deviation, () =>
        {
            ring[at = (at + 1) % ring.Length] = Normal();
            var sum = 0.0;
            for (var i = 0; i < ring.Length; i++)
                sum += weights[i] * ring[(at + 1 + i) % ring.Length];
            return sum;
        });
    }

    /// <summary>A resonator rung by noise: a wave about <paramref name="hz"/> whose height and phase wander; <paramref name="width"/> is
    /// its bandwidth as a part of that.</summary>
    public PpgCaseSignal Tone(double deviation, double hz, double width)
    {
        var decay = Math.Exp(-Math.PI * hz * width / RateHz);
        var (one, two) = (2 * decay * Math.Cos(2 * Math.PI * hz / RateHz), -decay * decay);
        double before = 0, last = 0;
        for (var i = 0; i < 60 * RateHz; i++)
            (last, before) = (one * last + two * before + Normal(), last);
        return Scaled(deviation, () =>
        {
            (last, before) = (one * last + two * before + Normal(), last);
            return last;
        });
    }

    /// <summary>Noise whose power falls with the frequency to the power <paramref name="slope"/>, 0 to 2, from 0.02 Hz on.</summary>
    public PpgCaseSignal Coloured(double deviation, double slope)
    {
        // A sum of first-order low-passes, three a decade: of amplitude f^-slope/2 against white noise in a band of f's width.
        var edges = Enumerable.Range(0, 12).Select(i => 0.02 * Math.Pow(10, i / 3.0)).Where(f => f < 0.45 * RateHz).ToArray();
        var kept = Array.ConvertAll(edges, f => Math.Exp(-2 * Math.PI * f / RateHz));
        var state = new double[edges.Length];
        return Scaled(deviation, () =>
        {
            var sum = 0.0;
            for (var i = 0; i < state.Length; i++)
            {
                state[i] = kept[i] * state[i] + Math.Sqrt(1 - kept[i] * kept[i]) * Normal();
                sum += state[i] * Math.Pow(edges[i], (1 - slope) / 2);
            }
            return sum;
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

    /// <summary>Every <paramref name="nth"/> beat comes early, and a pause follows it.</summary>
    public PpgCaseSignal Ectopic(double perMinute, int nth, double height = 100)
    {
        var beat = 0;
        return Pulses(height, _ => 60 / perMinute * (1 + 0.02 * Normal()) * (++beat % nth == 0 ? 0.65 : beat % nth == 1 && beat > nth ? 1.35 : 1));
    }

    /// <summary>Rounded to <paramref name="step"/> counts.</summary>
    public PpgCaseSignal Counts(double step = 1) => Change((_, value) => step * Math.Round(value / step));

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
        float[][] all = [.. new[] { this }.Concat(_others).Select(channel => Array.ConvertAll(channel._samples, x => (float)x)), .. Axes];
        var layout = Enumerable.Range(0, 1 + _others.Count).Select(c => new Channel($"PPG{c + 1}", SignalKind.Ppg, "1"))
            .Concat(Axes.Select((_, a) => new Channel($"ACC{a + 1}", SignalKind.Acc, "g")));
        return StreamRun.Chunks(all, new ChannelLayout([.. layout]), RateHz);
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

    /// <summary>Adds what <paramref name="next"/> gives, scaled to a standard deviation.</summary>
    private PpgCaseSignal Scaled(double deviation, Func<double> next)
    {
        var noise = new double[_samples.Length];
        for (var i = 0; i < noise.Length; i++)
            noise[i] = next();
        var mean = noise.Average();
        var scale = deviation / Math.Sqrt(noise.Sum(x => (x - mean) * (x - mean)) / noise.Length + 1e-300);
        for (var i = 0; i < noise.Length; i++)
            _samples[i] += scale * (noise[i] - mean);
        return this;
    }

    private PpgCaseSignal Each(Func<double, double> part) => Change((t, value) => value + part(t));

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    private static double Bell(double x) => Math.Exp(-x * x);
}
