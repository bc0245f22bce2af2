using Pipeline.Benchmarks.Faults;
using Pipeline.Models;

namespace Pipeline.Benchmarks.Ctg;

/// <summary>Something that was put into a synthetic trace.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Begin">Seconds.</param>
/// <param name="End">Seconds.</param>
internal readonly record struct TrueEvent(EventKind Kind, double Begin, double End);

/// <summary>How a synthetic trace is made.</summary>
internal sealed record CtgScenario
{
    /// <summary>What is drawn from.</summary>
    public int Seed { get; init; }

    /// <summary>Length.</summary>
    public int Minutes { get; init; } = 120;

    /// <summary>Samples per second.</summary>
    public double RateHz { get; init; } = 4;

    /// <summary>Part of the samples that are lost, in gaps of 1 to 30 s.</summary>
    public double Loss { get; init; }

    /// <summary>Bursts a minute of one to eight samples at half or double of the rate, or anywhere.</summary>
    public double Artefacts { get; init; } = 0.5;

    /// <summary>Baseline at the beginning; NaN: drawn from 118 to 152.</summary>
    public double Baseline { get; init; } = double.NaN;

    /// <summary>Bandwidth; NaN: drawn from 6 to 16.</summary>
    public double Bandwidth { get; init; } = double.NaN;

    /// <summary>Whether the baseline drifts and, half of the time, goes to another level.</summary>
    public bool BaselineMoves { get; init; } = true;

    /// <summary>Part of the contractions with a deceleration; NaN: drawn from 0 to 0.7.</summary>
    public double Decelerations { get; init; } = double.NaN;

    /// <summary>The kind of all decelerations; null: each is drawn.</summary>
    public EventKind? Kind { get; init; }

    /// <summary>Accelerations in ten minutes.</summary>
    public double Accelerations { get; init; } = 1.5;

    /// <summary>Whether there are contractions.</summary>
    public bool HasContractions { get; init; } = true;
}

/// <summary>
/// A cardiotocogram with known baseline, accelerations, decelerations and contractions: seeded, apart from the product's simulator.
/// Accelerations rise by 19 to 30 for 20 to 70 s; decelerations fall by 20 to 60, with the flanks of their kinds; contractions are raised
/// cosines of 50 to 110 s every 2.5 to 5 min. No deceleration begins within 50 s of another excursion.
/// </summary>
internal sealed class SyntheticCtg
{
    private readonly Random _random;
    private readonly CtgScenario _scenario;
    private readonly double _rate;

    public SyntheticCtg(CtgScenario scenario)
    {
        (_scenario, _random, _rate) = (scenario, new Random(scenario.Seed), scenario.RateHz);
        var count = (int)(scenario.Minutes * 60 * _rate);
        (Baseline, Rates, Toco) = (new double[count], new float[count], new float[count]);
        MakeBaseline();
        var rates = (double[])Baseline.Clone();
        var bandwidth = Draw(scenario.Bandwidth, 6, 16);
        _random.AddBand(rates, _rate, bandwidth / 4.5, 0.02, 0.12);
        _random.AddWhite(rates, 0.4);
        MakeContractions(rates);
        MakeAccelerations(rates);
        for (var i = 0; i < count; i++)
            Rates[i] = (float)(Math.Round(4 * rates[i]) / 4);
        Spoil();
        Events.Sort((a, b) => a.Begin.CompareTo(b.Begin));
    }

    /// <summary>True baseline of each sample, beats per minute.</summary>
    public double[] Baseline { get; }

    /// <summary>The trace, beats per minute; 0: no signal.</summary>
    public float[] Rates { get; }

    /// <summary>The toco.</summary>
    public float[] Toco { get; }

    /// <summary>What is in it, in order.</summary>
    public List<TrueEvent> Events { get; } = [];

    /// <summary>All of it.</summary>
    public CtgTruth Truth => new(_rate, Rates, Toco, Baseline, Events);

    private double Seconds => Rates.Length / _rate;

    private double Draw(double said, double low, double high) => double.IsNaN(said) ? _random.Uniform(low, high) : said;

    private void MakeBaseline()
    {
        var level = Draw(_scenario.Baseline, 118, 152);
        var moves = _scenario.BaselineMoves;
        var (swing, phase) = (moves ? _random.Uniform(0, 4) : 0, _random.Uniform(0, 6));
        var step = moves && _random.Next(2) == 0 ? _random.Uniform(8, 18) * (level > 135 ? -1 : 1) : 0;
        var (middle, width) = (_random.Uniform(0.3, 0.7) * Seconds, _random.Uniform(60, 150));
        for (var i = 0; i < Baseline.Length; i++)
        {
            var t = i / _rate;
            Baseline[i] = level + swing * Math.Sin(2 * Math.PI * t / 2400 + phase) + step / (1 + Math.Exp(-(t - middle) / (width / 4)));
        }
    }

    private void MakeContractions(double[] rates)
    {
        var part = Draw(_scenario.Decelerations, 0, 0.7);
        for (var i = 0; i < Toco.Length; i++)
            Toco[i] = (float)(12 + 1.2 * _random.Normal());
        if (!_scenario.HasContractions)
            return;
        for (var at = _random.Uniform(60, 150); at + 120 < Seconds; at += _random.Uniform(150, 300))
        {
            var (length, height) = (_random.Uniform(50, 110), _random.Uniform(30, 60));
            Add(Toco, at, at + length, t => height * Cosine(t));
            Events.Add(new TrueEvent(EventKind.Contraction, at, at + length));
            if (_random.NextDouble() < part)
                Decelerate(rates, at, length);
        }
    }

    private void Decelerate(double[] rates, double contraction, double length)
    {
        var kind = _scenario.Kind ?? _random.Of(
            EventKind.EarlyDeceleration, EventKind.LateDeceleration, EventKind.VariableDeceleration, EventKind.VariableDeceleration,
            EventKind.ProlongedDeceleration);
        double Drawn(double low, double high) => _random.Uniform(low, high);
        var half = Math.Max(38, length / 2);
        var (begin, fall, floor, rise, depth) = kind switch
        {
            EventKind.EarlyDeceleration => (contraction + Drawn(-4, 4), half, 0.0, half, Drawn(20, 30)),
            EventKind.LateDeceleration => (contraction + Drawn(32, 45), Drawn(38, 50), 0.0, Drawn(38, 50), Drawn(20, 35)),
            EventKind.VariableDeceleration => (contraction + Drawn(0, 25), Drawn(5, 11), Drawn(12, 50), Drawn(5, 14), Drawn(25, 60)),
            _ => (contraction + Drawn(10, 30), Drawn(10, 25), Drawn(180, 260), Drawn(20, 40), Drawn(25, 50)),
        };
        var end = begin + fall + floor + rise;
        if (!IsFree(begin, end) || end + 30 > Seconds)
            return;
        Add(rates, begin, end, t =>
        {
            var at = t * (end - begin);
            return -depth * (at < fall ? Flank(at / fall) : at < fall + floor ? 1 : Flank((end - begin - at) / rise));
        });
        Events.Add(new TrueEvent(kind, begin, end));
    }

    private void MakeAccelerations(double[] rates)
    {
        var tries = (int)(_scenario.Accelerations * _scenario.Minutes / 10);
        for (var i = 0; i < tries; i++)
        {
            var (begin, flank) = (_random.Uniform(30, Seconds - 120), _random.Uniform(6, 12));
            var (top, height) = (_random.Uniform(10, 45), _random.Uniform(19, 30));
            var end = begin + 2 * flank + top;
            if (!IsFree(begin, end))
                continue;
            Add(rates, begin, end, t => height * Flank(Math.Min(1, Math.Min(t, 1 - t) * (end - begin) / flank)));
            Events.Add(new TrueEvent(EventKind.Acceleration, begin, end));
        }
    }

    private bool IsFree(double begin, double end) =>
        !Events.Exists(one => one.Kind != EventKind.Contraction && one.Begin - 50 < end && begin < one.End + 50);

    private void Add<T>(T[] signal, double begin, double end, Func<double, double> shape) where T : struct, System.Numerics.INumber<T>
    {
        for (var i = Math.Max(0, (int)Math.Ceiling(begin * _rate)); i < Math.Min(signal.Length, end * _rate); i++)
            signal[i] += T.CreateChecked(shape((i / _rate - begin) / (end - begin)));
    }

    private void Spoil()
    {
        var bursts = (int)(_scenario.Artefacts * _scenario.Minutes);
        for (var i = 0; i < bursts; i++)
        {
            var (at, count, kind) = (_random.Next(Rates.Length - 8), _random.Next(1, 8), _random.Next(3));
            for (var k = at; k < at + count; k++)
                Rates[k] = kind switch
                {
                    0 => Rates[k] / 2,
                    1 => Math.Min(235, 2 * Rates[k]),
                    _ => (float)Math.Round(_random.Uniform(52, 220)),
                };
        }
        var lost = 0;
        while (lost < _scenario.Loss * Rates.Length)
        {
            var at = _random.Next(Rates.Length);
            var end = Math.Min(Rates.Length, at + (int)(_rate * _random.LogUniform(1, 30)));
            for (; at < end; at++)
            {
                lost += Rates[at] == 0 ? 0 : 1;
                Rates[at] = 0;
            }
        }
    }

    private static double Cosine(double t) => (1 - Math.Cos(2 * Math.PI * t)) / 2;

    private static double Flank(double t) => (1 - Math.Cos(Math.PI * Math.Clamp(t, 0, 1))) / 2;
}
