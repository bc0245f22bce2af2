namespace Pipeline.Benchmarks.Faults;

/// <summary>
/// Kinds of synthetic arterial pressure, each a function of its seed: deep dicrotic notches, small pulse pressures, lost samples, none at
/// all, and in order. One channel, 100 to 250 Hz, mmHg.
/// </summary>
internal static class PressureKinds
{
    private static readonly double[] Rates = [100, 125, 200, 250];

    /// <summary>Kinds with a pulse that is told from its dicrotic wave with difficulty, or is small.</summary>
    public static IReadOnlyList<string> Difficult { get; } =
        ["deep-notch", "very-deep-notch", "dicrotic-wave", "small-pulse", "small-pulse-noisy"];

    /// <summary>Kinds with samples that are lost.</summary>
    public static IReadOnlyList<string> WithLoss { get; } =
        ["holes-missing", "holes-zero", "holes-held", "packets-missing", "packets-zero", "packets-held"];

    /// <summary>Kinds without a pulse.</summary>
    public static IReadOnlyList<string> WithoutPulse { get; } = ["noise", "breathing", "flushed"];

    /// <summary>Kinds that are in order.</summary>
    public static IReadOnlyList<string> InOrder { get; } = ["pressure", "irregular", "alternans"];

    /// <summary>The case of a kind and seed.</summary>
    public static FaultCase Of(string kind, int seed, double seconds = 90)
    {
        var random = new Random(unchecked(seed * 7919 + kind.Length * 104729 + kind[0] * 31 + kind[^1]));
        var rateHz = random.Of(Rates);
        var signal = new double[(int)(seconds * rateHz)];
        double[] beats = [];
        if (WithoutPulse.Contains(kind))
            NoPulse(kind, random, signal, rateHz);
        else
            beats = Pulses(kind, random, signal, rateHz, seconds);
        var whole = new FaultCase(kind, rateHz, [Draw.Quantised(signal, random.Of(0.05, 0.25, 1))], beats);
        var fill = kind.Contains("missing", StringComparison.Ordinal) ? LossFill.Missing
            : kind.Contains("zero", StringComparison.Ordinal) ? LossFill.Zero : LossFill.Held;
        if (kind.StartsWith("holes", StringComparison.Ordinal))
            return SampleLoss.OverBeats(whole, random.Next(2, 7), random.Uniform(0.15, 0.4), fill, random);
        return kind.StartsWith("packets", StringComparison.Ordinal)
            ? SampleLoss.OfPackets(whole, random.LogUniform(0.1, 1), 0.1, fill, random)
            : whole;
    }

    private static void NoPulse(string kind, Random random, double[] signal, double rateHz)
    {
        var level = kind == "flushed" ? 280 : random.Uniform(40, 100);
        signal.AsSpan().Fill(level);
        random.AddWhite(signal, random.LogUniform(0.2, 1));
        if (kind == "noise")
            random.AddPink(signal, rateHz, random.LogUniform(1, 8));
        else if (kind == "breathing")
            random.AddBand(signal, rateHz, random.Uniform(2, 6), 0.15, 0.5);
    }

    private static double[] Pulses(string kind, Random random, double[] signal, double rateHz, double seconds)
    {
        var interval = random.Uniform(0.6, 1.1);
        var pulse = kind.StartsWith("small", StringComparison.Ordinal) ? random.Uniform(8, 20) : random.Uniform(30, 60);
        var notch = kind switch
        {
            "deep-notch" => random.Uniform(0.25, 0.45),
            "very-deep-notch" => random.Uniform(0.45, 0.8),
            _ => random.Uniform(0, 0.15),
        };
        var wave = kind == "dicrotic-wave" ? random.Uniform(0.4, 0.9) : 0;
        var decay = random.Uniform(0.25, 0.6);
        var (diastolic, notchAt) = (random.Uniform(45, 85), random.Uniform(0.28, 0.36));
        var beats = new List<double>();
        var at = 0.3;
        for (var beat = 0; at < seconds; beat++)
        {
            beats.Add(at);
            var length = kind == "irregular"
                ? Math.Max(0.4, interval * (1 + 0.2 * random.Normal()))
                : interval * (1 + 0.02 * random.Normal());
            var size = kind == "alternans" && beat % 2 == 1 ? 0.75 * pulse : pulse;
            Pulse(signal, rateHz, at, length, size, new Notch(notch, notchAt * Math.Sqrt(Math.Min(1.2, length / 0.8)), wave, decay));
            at += length;
        }
        for (var i = 0; i < signal.Length; i++)
            signal[i] += diastolic + 2 * Math.Sin(2 * Math.PI * 0.25 * i / rateHz);
        random.AddWhite(signal, kind == "small-pulse-noisy" ? random.Uniform(0.5, 1) : random.Uniform(0.1, 0.4));
        return [.. beats];
    }

    private readonly record struct Notch(double Depth, double At, double Wave, double Decay);

    /// <summary>
    /// A pulse of <paramref name="length"/> s: upstroke of 0.12 s, decay, and a notch whose depth is a part of the pulse, or two humps.
    /// </summary>
    private static void Pulse(double[] signal, double rateHz, double at, double length, double size, Notch notch)
    {
        for (var i = (int)Math.Ceiling(at * rateHz); i < Math.Min(signal.Length, (at + length) * rateHz); i++)
        {
            var time = i / rateHz - at;
            var phase = time / length;
            var systole = Math.Sin(Math.PI / 2 * Math.Min(1, time / 0.12)) * Math.Exp(-Math.Max(0, time - 0.12) / notch.Decay);
            var z = (time - notch.At) / 0.035;
            var dip = notch.Depth * Math.Exp(-z * z / 2);
            var (first, second) = ((time - 0.15) / 0.06, (time - notch.At - 0.15) / 0.055);
            var humps = Math.Exp(-first * first / 2) + notch.Wave * Math.Exp(-second * second / 2) + 0.3 * systole * (1 - phase * phase);
            signal[i] += size * (notch.Wave > 0 ? humps : Math.Max(0, systole * (1 - phase * phase) - dip));
        }
    }
}
