namespace Pipeline.Benchmarks.Faults;

/// <summary>
/// Kinds of synthetic PPG, each a function of its seed: without a pulse (noise of every colour, a finger that is off, breathing, movement
/// alone), with a pulse that stops, and with one as a guard. 25 to 256 Hz, half a minute to ten, heights over three decades; alone, or beside an
/// accelerometer that lies still or moves.
/// </summary>
internal static class PpgKinds
{
    private static readonly double[] Rates = [25, 32, 50, 64, 100, 125, 200, 256];

    /// <summary>Kinds in which there is no pulse.</summary>
    public static IReadOnlyList<string> WithoutPulse { get; } =
    [
        "white", "low-passed", "band-passed", "narrow-band", "coloured", "walk", "walk-in-steps", "finger-off", "breathing",
        "breathing-harmonics", "several-channels", "movement",
    ];

    /// <summary>Kinds that are hard to tell from a pulse: a wave that wanders little, and movement that no filter of the accelerometer
    /// explains, in time with the steps.</summary>
    public static IReadOnlyList<string> Hard { get; } = ["tone", "movement-loose", "movement-bent", "movement-mixed"];

    /// <summary>Kinds of the same sort that are drawn otherwise and wider; nothing was fitted to any seed of them.</summary>
    public static IReadOnlyList<string> LeftOut { get; } = ["any-noise", "any-movement", "stops-any-noise"];

    /// <summary>Kinds in which the pulse stops at the last of <see cref="PpgCaseSignal.Onsets"/>, and what is left.</summary>
    public static IReadOnlyList<string> Stopping { get; } = ["stops-breathing", "stops-low-passed", "stops-walk", "stops-finger-off"];

    /// <summary>Whether the pulse of a kind stops.</summary>
    public static bool Stops(string kind) => kind.StartsWith("stops", StringComparison.Ordinal);

    /// <summary>Whether a kind needs an accelerometer that moves.</summary>
    public static bool Moves(string kind) => kind.Contains("movement", StringComparison.Ordinal);

    /// <summary>Kinds with a pulse.</summary>
    public static IReadOnlyList<string> InOrder { get; } = ["regular", "weak", "fibrillation", "ectopic", "rising"];

    /// <summary>What stands beside a kind: no accelerometer, one that lies still, one that moves.</summary>
    public static IReadOnlyList<string> Besides { get; } = ["alone", "still", "moving"];

    /// <summary>The signal of a kind and seed; <paramref name="seconds"/>: its length, drawn without it.</summary>
    public static PpgCaseSignal Of(string kind, string beside, int seed, double seconds = double.NaN)
    {
        var random = new Random(Draw.HashOf(kind + beside) ^ (seed * 7919));
        var rateHz = random.Of(Rates);
        seconds = double.IsNaN(seconds) ? random.LogUniform(30, 600) : seconds;
        var signal = new PpgCaseSignal(rateHz, seconds, random.Next());
        if (beside == "moving" || Moves(kind))
            Move(signal, random);
        else if (beside == "still")
            signal.Beside(Still(random, signal), rateHz);
        var size = random.LogUniform(3, 1000);
        if (Stops(kind))
            return AddStopping(kind, signal, random, size);
        if (kind == "several-channels")
            return AddChannels(signal, random, size);
        if (!InOrder.Contains(kind))
            return AddNone(kind, signal, random, size);
        AddPulses(kind, signal, random, size);
        return (beside == "moving" ? signal.Shaken(random.Uniform(0, 0.25) * size) : signal).Counts();
    }

    private static PpgCaseSignal AddNone(string kind, PpgCaseSignal signal, Random random, double size) => kind switch
    {
        "white" => signal.White(size).Counts(),
        "low-passed" => LowPassed(signal, random, size).White(random.Uniform(0, 0.05) * size).Counts(),
        "band-passed" => signal.Band(size, random.LogUniform(0.3, 1.2), random.LogUniform(2, 8), 1 + random.Next(2)).Counts(),
        "narrow-band" => NarrowBand(signal, random, size).White(random.Uniform(0, 0.1) * size).Counts(),
        "coloured" => signal.Coloured(size, random.Uniform(0.5, 2)).Counts(),
        "walk" => signal.Walk(size).White(random.Of(0, 0.5, 2)).Counts(),
        "walk-in-steps" => signal.Walk(size).Counts(size * random.LogUniform(0.2, 3)),
        "finger-off" => signal.Walk(random.Of(0, random.Uniform(0.1, 3))).White(random.LogUniform(0.1, 2)).Counts(),
        "breathing" => Breathing(signal, random, size, 0).White(random.LogUniform(0.005, 0.2) * size).Counts(),
        "breathing-harmonics" => Breathing(signal, random, size, random.Uniform(0.1, 0.5)).White(random.LogUniform(0.005, 0.2) * size).Counts(),
        "tone" => signal.Tone(size, random.LogUniform(0.5, 3.6), random.LogUniform(0.12, 0.5)).White(random.Uniform(0, 0.1) * size).Counts(),
        "any-noise" => AnyNoise(signal, random, size).Counts(),
        "any-movement" => AnyNoise(
            (random.Next(3) == 0 ? Bent(signal, random, size, 0.25) : signal.Shaken(size)).Shaken(random.Uniform(0, 0.5) * size)
                .Loose(random.Uniform(0, 0.4), random.LogUniform(2, 15)),
            random, random.LogUniform(0.02, 0.5) * size).Counts(),
        "movement-bent" => Bent(signal, random, size, 0.3).Band(random.Uniform(0.02, 0.3) * size, 0.1, 3).White(0.02 * size).Counts(),
        "movement-mixed" => Bent(signal.Shaken(size * random.Uniform(0.3, 1)), random, size * random.Uniform(0.2, 0.6), 0.2)
            .Band(random.Uniform(0.02, 0.5) * size, 0.3, 6).White(0.02 * size).Counts(),
        "movement-loose" => signal.Shaken(size).Loose(0.3, 5)
            .Band(random.LogUniform(0.05, 1) * size, random.LogUniform(0.1, 1), random.LogUniform(2, 8)).White(0.02 * size).Counts(),
        "movement" => signal.Shaken(size).Band(random.Uniform(0.02, 0.3) * size, 0.1, 3).White(0.02 * size).Counts(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such kind."),
    };

    private static PpgCaseSignal AddStopping(string kind, PpgCaseSignal signal, Random random, double size)
    {
        var end = random.Uniform(0.3, 0.6) * signal.Seconds;
        signal.Steady(random.Uniform(45, 140), size, random.Uniform(0, 0.6), end);
        return (kind switch
        {
            "stops-breathing" => Breathing(signal, random, random.Uniform(0.2, 1) * size, random.Uniform(0, 0.3)).White(random.LogUniform(0.01, 0.1) * size),
            "stops-low-passed" => LowPassed(signal, random, random.Uniform(0.05, 0.2) * size),
            "stops-any-noise" => AnyNoise(signal, random, random.LogUniform(0.02, 0.4) * size),
            "stops-walk" => signal.Walk(random.Uniform(0.05, 0.3) * size).White(0.01 * size),
            _ => signal.White(random.Uniform(0.002, 0.05) * size),
        }).Counts();
    }

    private static void AddPulses(string kind, PpgCaseSignal signal, Random random, double size)
    {
        var rate = random.Uniform(45, 150);
        if (kind == "fibrillation")
            signal.Fibrillation(random.Uniform(55, 130), random.Uniform(0.12, 0.3), size);
        else if (kind == "ectopic")
            signal.Ectopic(random.Uniform(50, 100), 2 + random.Next(6), size);
        else if (kind == "rising")
            signal.Pulses(size, t => 60 / (rate + (rate < 100 ? 0.25 : -0.25) * Math.Min(t, 200)), random.Uniform(0, 0.5));
        else
            signal.Steady(rate, size, random.Uniform(0, 0.5));
        var isWeak = kind == "weak";
        Breathing(signal, random, (isWeak ? random.Uniform(0.5, 2) : random.Uniform(0, 0.4)) * size, 0)
            .White((isWeak ? random.Uniform(0.1, 0.3) : random.Uniform(0.005, 0.08)) * size);
    }

    private static PpgCaseSignal LowPassed(PpgCaseSignal signal, Random random, double size)
    {
        var edge = random.LogUniform(1, 6);
        return random.Next(4) switch
        {
            0 => signal.Smooth(size, edge),
            1 => signal.Band(size, 0, edge, 1 + random.Next(3)),
            2 => signal.Averaged(size, 0.6 / edge, isTapered: false),
            _ => signal.Averaged(size, 1 / edge, isTapered: true),
        };
    }

    private static PpgCaseSignal NarrowBand(PpgCaseSignal signal, Random random, double size)
    {
        var (centre, width) = (random.LogUniform(0.7, 3), random.LogUniform(0.3, 1.2));
        return signal.Band(size, centre * Math.Exp(-width / 2), centre * Math.Exp(width / 2), 1 + random.Next(2));
    }

    private static PpgCaseSignal Bent(PpgCaseSignal signal, Random random, double size, double latest) =>
        signal.Bent(size, random.Next(4), random.Uniform(0, latest), random.Uniform(0, 0.4));

    private static PpgCaseSignal AddChannels(PpgCaseSignal signal, Random random, double size)
    {
        var kind = random.Of("low-passed", "narrow-band", "band-passed", "coloured", "breathing-harmonics");
        for (var others = 1 + random.Next(2); others > 0; others--)
            signal.With(other => AddNone(kind, other, random, size));
        return AddNone(kind, signal, random, size);
    }

    private static PpgCaseSignal AnyNoise(PpgCaseSignal signal, Random random, double size)
    {
        var (centre, width, slope, edge) =
            (random.LogUniform(0.5, 4), random.LogUniform(0.2, 1.5), random.Uniform(0, 2), random.LogUniform(0.7, 10));
        var noise = random.Next(4) switch
        {
            0 => signal.Band(size, centre * Math.Exp(-width / 2), centre * Math.Exp(width / 2), 1 + random.Next(3)),
            1 => signal.Band(size, 0, edge, 1 + random.Next(4)),
            2 => signal.Coloured(size, slope).Band(random.Uniform(0.3, 1) * size, centre * Math.Exp(-width), centre * Math.Exp(width)),
            _ => signal.Averaged(size, random.LogUniform(0.1, 1.5), random.Next(2) == 0).Band(random.Uniform(0, 0.5) * size, 0, edge),
        };
        return noise.White(random.LogUniform(0.002, 0.2) * size);
    }

    private static PpgCaseSignal Breathing(PpgCaseSignal signal, Random random, double size, double second) =>
        signal.Breathing(random.Uniform(10, 28), size, second);

    private static float[][] Still(Random random, PpgCaseSignal signal) =>
        [.. Enumerable.Range(0, 3).Select(_ =>
        {
            var (gravity, noise) = (0.5 * random.Normal(), random.LogUniform(0.001, 0.02));
            return signal.Samples.ToArray().Select(_ => (float)(gravity + noise * random.Normal())).ToArray();
        })];

    private static void Move(PpgCaseSignal signal, Random random)
    {
        var kind = random.Of(PpgKind.Cross, PpgKind.Lock, PpgKind.Arms);
        var axes = new List<float>[] { [], [], [] };
        var rateHz = random.Of(50.0, 62.5, 100);
        while (axes[0].Count <= (signal.Seconds + 1) * rateHz)
        {
            var session = PpgSession.Draw(kind, random);
            for (var a = 0; a < axes.Length; a++)
                axes[a].AddRange(session.Acc[a].AsSpan(session.Acc[a].Length / 4));
        }
        signal.Beside(Array.ConvertAll(axes, a => a.ToArray()), rateHz);
    }
}
