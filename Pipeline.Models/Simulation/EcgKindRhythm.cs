namespace Pipeline.Models.Simulation;

/// <summary>What happens in a heart.</summary>
internal enum HeartEvent
{
    Atria,
    Ventricles,
    Ectopic,
}

/// <summary>When atria and ventricles of an <see cref="EcgKind"/> contract.</summary>
internal static class EcgKindRhythm
{
    private const double First = 0.4;

    /// <summary>
    /// The events in [0, <paramref name="seconds"/>), in order of time; a conducted P wave comes <paramref name="conduction"/> s before its
    /// beat.
    /// </summary>
    public static List<(double Seconds, HeartEvent Event)> Of(EcgKind kind, double seconds, double conduction, ref NoiseSource noise)
    {
        var events = new List<(double Seconds, HeartEvent Event)>();
        switch (kind)
        {
            case EcgKind.SecondDegreeBlock or EcgKind.Standstill:
                Block(kind, events, seconds, conduction, ref noise);
                break;
            case EcgKind.CompleteBlock:
                March(events, seconds, noise.Uniform(0.5, 0.95), HeartEvent.Atria, 0.03, ref noise);
                March(events, seconds, noise.Uniform(1.25, 2.2), HeartEvent.Ventricles, 0.01, ref noise);
                break;
            case EcgKind.Pauses:
                Pauses(events, seconds, conduction, ref noise);
                break;
            default:
                Sinus(events, seconds, conduction, kind == EcgKind.LowEctopics ? 2 + (int)noise.Uniform(0, 2) : 0, ref noise);
                break;
        }
        events.RemoveAll(e => e.Seconds < 0.05 || e.Seconds > seconds - 0.3);
        events.Sort((a, b) => a.Seconds.CompareTo(b.Seconds));
        return events;
    }

    private static void March(
        List<(double, HeartEvent)> events, double seconds, double interval, HeartEvent what, double uneven, ref NoiseSource noise)
    {
        var breath = noise.Uniform(0.15, 0.35);
        for (var at = First; at < seconds; at += interval * (1 + uneven * (Math.Sin(2 * Math.PI * breath * at) + noise.Normal()) / 2))
            events.Add((at, what));
    }

    /// <summary>Episodes in which one of n atrial beats is conducted; or all and none in turn.</summary>
    private static void Block(EcgKind kind, List<(double, HeartEvent)> events, double seconds, double conduction, ref NoiseSource noise)
    {
        var (interval, at) = (noise.Uniform(0.58, 1), First);
        var isDown = noise.Uniform() < 0.3;
        while (at < seconds)
        {
            var ratio = kind == EcgKind.Standstill ? isDown ? int.MaxValue : 1 : 1 + (int)noise.Uniform(0, 3);
            isDown = !isDown;
            var end = at + ElectrodeFaults.LogUniform(8, 40, ref noise);
            for (var beat = 0; at < Math.Min(end, seconds); beat++)
            {
                events.Add((at, HeartEvent.Atria));
                if (ratio < int.MaxValue && beat % ratio == 0)
                    events.Add((at + conduction, HeartEvent.Ventricles));
                at += interval * (1 + 0.02 * noise.Normal());
            }
        }
    }

    private static void Pauses(List<(double, HeartEvent)> events, double seconds, double conduction, ref NoiseSource noise)
    {
        var interval = noise.Uniform(0.6, 0.95);
        for (var at = noise.Uniform(0.3, 4); at < seconds;)
        {
            for (var beats = 1 + (int)noise.Uniform(0, 8); beats > 0; beats--)
            {
                events.Add((at, HeartEvent.Ventricles));
                if (noise.Uniform() < 0.6)
                    events.Add((at - conduction, HeartEvent.Atria));
                at += interval * (1 + 0.04 * noise.Normal());
            }
            if (noise.Uniform() < 0.2)
                continue;
            var pause = ElectrodeFaults.LogUniform(0.8, 6.2, ref noise);
            if (noise.Uniform() < 0.4)
                events.Add((at + noise.Uniform(0, 0.6) * pause, HeartEvent.Atria));
            at += pause;
        }
    }

    private static void Sinus(List<(double, HeartEvent)> events, double seconds, double conduction, int ectopicEvery, ref NoiseSource noise)
    {
        var (interval, breath, coupling) = (noise.Uniform(0.5, 1.05), noise.Uniform(0.15, 0.35), noise.Uniform(0.6, 0.85));
        var at = First;
        for (var beat = 1; at < seconds; beat++)
        {
            if (ectopicEvery > 0 && beat % ectopicEvery == 0 && noise.Uniform() < 0.9)
                events.Add((at - (1 - coupling) * interval, HeartEvent.Ectopic));
            else
            {
                events.Add((at - conduction, HeartEvent.Atria));
                events.Add((at, HeartEvent.Ventricles));
            }
            at += interval * (1 + 0.03 * Math.Sin(2 * Math.PI * breath * at) + 0.015 * noise.Normal());
        }
    }
}
