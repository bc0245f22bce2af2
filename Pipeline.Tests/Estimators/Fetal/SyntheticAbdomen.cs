using Pipeline.Models;
using Pipeline.Models.Estimators.Fetal;
using Pipeline.Models.Signals;

namespace Pipeline.Tests.Estimators.Fetal;

/// <summary>Abdominal leads (mV) of a mother and a fetus whose beats are known: waves of both hearts as dipoles, mixed into the leads, and white noise.</summary>
internal sealed class SyntheticAbdomen
{
    private static readonly (double At, double Width, double[] Axis)[] MotherWaves =
    [
        (-0.16, 0.022, [0.10, 0.03, 0]), (-0.028, 0.008, [-0.1, 0.12, 0.05]), (0, 0.011, [1, 0.2, -0.2]), (0.03, 0.01, [-0.2, -0.5, 0.3]), (0.27, 0.045, [0.25, 0.1, 0.15]),
    ];

    private static readonly (double At, double Width, double[] Axis)[] FetalWaves =
        [(-0.014, 0.005, [-0.1, 0.15, 0]), (0, 0.006, [1, 0.1, 0.1]), (0.015, 0.006, [-0.25, -0.4, 0.1])];

    public double RateHz { get; init; } = 500;

    public double Seconds { get; init; } = 60;

    public int Leads { get; init; } = 4;

    public int Seed { get; init; } = 1;

    /// <summary>The mother's interval in seconds, by the number of the beat.</summary>
    public Func<int, double> MotherInterval { get; init; } = beat => 0.81 + 0.03 * Math.Sin(beat / 3.0);

    /// <summary>The fetus's.</summary>
    public Func<int, double> FetalInterval { get; init; } = beat => 0.43 + 0.01 * Math.Sin(beat / 7.0);

    /// <summary>Height of the mother's R wave, mV.</summary>
    public double Mother { get; init; } = 0.15;

    /// <summary>Height of the fetus's R wave, mV; 0: there is none.</summary>
    public double Fetus { get; init; } = 0.03;

    public double Noise { get; init; } = 0.004;

    public double[] MotherBeats() => Beats(MotherInterval, 0.3);

    public double[] FetalBeats() => Fetus == 0 ? [] : Beats(FetalInterval, 0.17);

    /// <summary>[leads][samples].</summary>
    public float[][] Samples()
    {
        var random = new Random(Seed);
        var count = (int)(Seconds * RateHz);
        var axes = new double[6][];
        for (var a = 0; a < 6; a++)
            axes[a] = new double[count];
        foreach (var beat in MotherBeats())
            Add(axes.AsSpan(0, 3), MotherWaves, beat, Mother);
        foreach (var beat in FetalBeats())
            Add(axes.AsSpan(3, 3), FetalWaves, beat, Fetus);
        var leads = new float[Leads][];
        for (var l = 0; l < Leads; l++)
        {
            // The first axis of either heart is in every lead; the others differ.
            double[] weights = [0.7 + 0.5 * random.NextDouble(), Signed(random), Signed(random), 0.6 + 0.6 * random.NextDouble(), Signed(random), Signed(random)];
            if (l % 2 == 1)
                weights[3] = -weights[3];
            leads[l] = new float[count];
            for (var i = 0; i < count; i++)
            {
                var value = Noise * SyntheticEcg.Normal(random);
                for (var a = 0; a < 6; a++)
                    value += weights[a] * axes[a][i];
                leads[l][i] = (float)value;
            }
        }
        return leads;
    }

    public static ChannelLayout Layout(int leads, string unit = "mV") =>
        new([.. Enumerable.Range(1, leads).Select(l => new Channel($"AECG{l}", SignalKind.FetalEcg, unit))]);

    /// <summary>The leads through the stage.</summary>
    public static WindowResult[] Run(double rateHz, float[][] leads, int? chunk = null, Func<int, ulong>? leadOff = null) =>
    [
        .. StreamRun.Of(
            StageRun.Chunked(leads, Layout(leads.Length), rateHz, chunk ?? (int)rateHz, leadOff), first => [new FetalStage(first.Channels, first.RateHz)]),
    ];

    public WindowResult[] Run() => Run(RateHz, Samples());

    /// <summary>Seconds of the beats of a kind.</summary>
    public static double[] SecondsOf(IEnumerable<WindowResult> results, BeatKind kind, double rateHz) =>
        [.. results.SelectMany(result => result.Beats).Where(beat => beat.Kind == kind).Select(beat => beat.SampleIndex / rateHz)];

    /// <summary>The estimates of a metric, a window each.</summary>
    public static Estimate[] Of(IEnumerable<WindowResult> results, Metric metric) => [.. results.SelectMany(r => r.Estimates).Where(e => e.Metric == metric)];

    private double[] Beats(Func<int, double> interval, double first)
    {
        var beats = new List<double>();
        var time = first;
        for (var b = 0; time < Seconds; time += interval(b++))
            beats.Add(time);
        return [.. beats];
    }

    private void Add(Span<double[]> axes, (double At, double Width, double[] Axis)[] waves, double beat, double size)
    {
        foreach (var (at, width, axis) in waves)
        {
            var first = Math.Max(0, (int)((beat + at - 5 * width) * RateHz));
            for (var i = first; i < Math.Min(axes[0].Length, (beat + at + 5 * width) * RateHz); i++)
            {
                var z = (i / RateHz - beat - at) / width;
                for (var a = 0; a < 3; a++)
                    axes[a][i] += size * axis[a] * Math.Exp(-z * z / 2);
            }
        }
    }

    private static double Signed(Random random) => 1.4 * random.NextDouble() - 0.7;
}
