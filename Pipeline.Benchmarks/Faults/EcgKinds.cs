namespace Pipeline.Benchmarks.Faults;

/// <summary>
/// Kinds of synthetic ECG, each a function of its seed: without a beat (noise, ventricular fibrillation, asystole, P waves alone), with
/// beats and samples that are lost, and with beats as a guard. One or two leads, 100 to 500 Hz, rounded to 5 µV.
/// </summary>
internal static class EcgKinds
{
    private const double Step = 0.005;      // mV
    private static readonly double[] Rates = [100, 125, 200, 250, 360, 500];

    /// <summary>Kinds in which there is no beat, at least from <see cref="AsystoleAt"/> s on.</summary>
    public static IReadOnlyList<string> WithoutBeats { get; } =
    [
        "white", "pink", "walk", "muscle", "motion", "vf", "vf-after-beats", "asystole", "asystole-after-beats", "p-waves",
        "p-waves-after-beats",
    ];

    /// <summary>Kinds with samples that are lost.</summary>
    public static IReadOnlyList<string> WithLoss { get; } =
    [
        "holes-missing", "holes-zero", "holes-held", "packets-missing", "packets-zero", "packets-held", "holes-zero-offset",
        "af-packets-missing",
    ];

    /// <summary>Kinds that are in order.</summary>
    public static IReadOnlyList<string> InOrder { get; } = ["sinus", "af", "slow", "fast", "pauses", "low", "noise-free", "coarse"];

    /// <summary>Where the beats of the kinds <c>…-after-beats</c> end, s.</summary>
    public const double AsystoleAt = 30;

    /// <summary>The case of a kind and seed.</summary>
    public static FaultCase Of(string kind, int seed, double seconds = 90)
    {
        var random = new Random(Draw.HashOf(kind) ^ (seed * 7919));
        var rateHz = random.Of(Rates);
        var count = random.Of(1, 2);
        var leads = new double[count][];
        for (var l = 0; l < count; l++)
            leads[l] = new double[(int)(seconds * rateHz)];
        var beats = Fill(kind, random, leads, rateHz, seconds);
        var step = kind == "noise-free" ? 1e-6 : kind == "coarse" ? 0.02 : Step;
        var whole = new FaultCase(kind, rateHz, Array.ConvertAll(leads, lead => Draw.Quantised(lead, step)), beats);
        return Lose(kind, whole, random);
    }

    private static double[] Fill(string kind, Random random, double[][] leads, double rateHz, double seconds)
    {
        switch (kind)
        {
            case "white" or "pink" or "walk" or "muscle" or "motion":
                foreach (var lead in leads)
                    Noise(kind, random, lead, rateHz);
                return [];
            case "vf":
                Fibrillation(random, leads, rateHz, 0);
                return [];
            case "asystole":
                Floor(random, leads, rateHz, 0);
                return [];
            case "p-waves":
                Floor(random, leads, rateHz, 0);
                PWaves(random, leads, rateHz, 0, seconds);
                return [];
        }
        var end = kind.EndsWith("-after-beats", StringComparison.Ordinal) ? AsystoleAt : seconds;
        var beats = new EcgRhythm(random, kind).Until(end);
        new EcgHeart(random, leads.Length, kind).AddTo(leads, rateHz, beats, random);
        if (kind is "vf-after-beats")
            Fibrillation(random, leads, rateHz, AsystoleAt);
        else if (kind is "p-waves-after-beats")
            PWaves(random, leads, rateHz, AsystoleAt, seconds);
        return beats;
    }

    private static FaultCase Lose(string kind, FaultCase whole, Random random)
    {
        var fill = kind.Contains("missing", StringComparison.Ordinal) ? LossFill.Missing
            : kind.Contains("zero", StringComparison.Ordinal) ? LossFill.Zero : LossFill.Held;
        if (kind.StartsWith("holes", StringComparison.Ordinal))
            return SampleLoss.OverBeats(whole, random.Next(2, 7), random.Uniform(0.15, 0.4), fill, random);
        return kind.Contains("packets", StringComparison.Ordinal)
            ? SampleLoss.OfPackets(whole, random.LogUniform(0.1, 1), 0.1, fill, random)
            : whole;
    }

    private static void Noise(string kind, Random random, double[] lead, double rateHz)
    {
        var sigma = random.LogUniform(0.03, 1);
        switch (kind)
        {
            case "white":
                random.AddWhite(lead, sigma);
                break;
            case "pink":
                random.AddPink(lead, rateHz, sigma);
                break;
            case "walk":
                random.AddWalk(lead, rateHz, sigma);
                random.AddWhite(lead, 0.005);
                break;
            case "muscle":
                random.AddBand(lead, rateHz, sigma, 20, 0.4 * rateHz);
                break;
            default:
                random.AddBand(lead, rateHz, sigma, 0.5, random.Uniform(2, 12));
                random.AddWhite(lead, 0.01);
                break;
        }
    }

    /// <summary>A wave of 3 to 9 Hz whose frequency, size and shape drift, as of ventricular fibrillation.</summary>
    private static void Fibrillation(Random random, double[][] leads, double rateHz, double from)
    {
        var (hz, size) = (random.Uniform(3, 9), random.LogUniform(0.15, 1.2));
        double frequency = hz, drift = 0, phase = 0, overtone = random.Uniform(0, 0.4);
        var turns = random.Uniform(0.2, 1.2);
        var gains = Array.ConvertAll(leads, _ => random.Uniform(0.4, 1) * random.Of(-1, 1));
        var delays = Array.ConvertAll(leads, _ => random.Uniform(0, 1.5));
        var first = (int)(from * rateHz);
        for (var i = first; i < leads[0].Length; i++)
        {
            frequency += (hz - frequency) / (2 * rateHz) + 0.12 * hz * random.Normal() / Math.Sqrt(rateHz);
            frequency = Math.Clamp(frequency, 0.6 * hz, 1.4 * hz);
            drift += -drift / rateHz + 0.5 * random.Normal() / Math.Sqrt(rateHz);
            phase += 2 * Math.PI * frequency / rateHz;
            var envelope = size * (0.7 + 0.3 * Math.Sin(2 * Math.PI * turns * i / rateHz)) * Math.Exp(0.4 * drift);
            for (var l = 0; l < leads.Length; l++)
                leads[l][i] += gains[l] * envelope * (Math.Sin(phase + delays[l]) + overtone * Math.Sin(2 * phase + 1 + delays[l]));
        }
        if (first > 0)
            return;
        foreach (var lead in leads)
            random.AddWhite(lead, random.LogUniform(0.004, 0.03));
    }

    /// <summary>The noise of an amplifier, mains hum and a wandering baseline.</summary>
    private static void Floor(Random random, double[][] leads, double rateHz, double least)
    {
        var hum = random.NextDouble() < 0.5 ? random.LogUniform(0.005, 0.05) : 0;
        foreach (var lead in leads)
        {
            random.AddWhite(lead, Math.Max(least, random.LogUniform(0.003, 0.02)));
            random.AddBand(lead, rateHz, random.LogUniform(0.005, 0.15), 0.1, 0.4);
            random.AddHum(lead, rateHz, hum);
        }
    }

    private static void PWaves(Random random, double[][] leads, double rateHz, double from, double end)
    {
        var (interval, width) = (random.Uniform(0.6, 1.1), random.Uniform(0.018, 0.03));
        var sizes = Array.ConvertAll(leads, _ => random.Uniform(0.08, 0.25) * random.Of(-1, 1));
        for (var at = from + 0.4; at < end; at += interval * (1 + 0.03 * random.Normal()))
            for (var l = 0; l < leads.Length; l++)
                Draw.AddWave(leads[l], rateHz, at, sizes[l], width);
    }
}
