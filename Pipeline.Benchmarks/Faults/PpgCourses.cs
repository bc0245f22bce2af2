namespace Pipeline.Benchmarks.Faults;

/// <summary>What a session of a <see cref="PpgKind"/> is like over its time, in seconds; rates per minute.</summary>
internal sealed class PpgCourses
{
    private readonly Random _random;

    /// <summary>Draws a session of <paramref name="kind"/>.</summary>
    public PpgCourses(PpgKind kind, Random random)
    {
        _random = random;
        Seconds = Between(250, 350);
        Rest = kind == PpgKind.Start ? 0 : Between(12, 40);
        RunFrom = Rest + Between(35, 95);
        RunUntil = Math.Min(Seconds - 20, RunFrom + Between(110, 220));
        var (walk, run) = (Between(95, 124), Between(146, 182));
        var standing = kind == PpgKind.Start ? walk : 1;
        Cadence = Course.Through(Seconds, (0, standing), (Math.Max(0, Rest - 1), standing), (Rest, walk), (RunFrom, walk), (RunFrom + 6, run),
            (RunUntil, run), (RunUntil + 6, walk), (Seconds, walk)).Plus(Course.Wander(Seconds, Between(0.3, 1.2), 10, random));
        Heart = (kind switch
        {
            PpgKind.Lock or PpgKind.LockStride => Locked(run),
            PpgKind.LockHalf => Locked(Chance(0.5) ? walk : run / 2 + Between(0, 7)),
            PpgKind.Cross => Crossing(Chance(0.65) ? run : run / 2),
            PpgKind.Gap => Changed(),
            PpgKind.Fast => Swinging(),
            PpgKind.Arms => Lifting(),
            _ => Apart(run, kind == PpgKind.Start ? 25 : 0),
        }).Plus(Course.Wander(Seconds, Between(0.4, 2), 13, random), 42, 208);
        var (calm, walking, free) = (Between(11, 19), Between(15, 25), Between(27, 47));
        StepsOfBreath = Chance(0.6) ? 3 + random.Next(3) : 0;
        Breaths = Course.Through(Seconds, (0, calm), (RunFrom, walking), (RunFrom + 30, free), (Seconds, free));
    }

    /// <summary>Length.</summary>
    public double Seconds { get; }

    /// <summary>End of the rest at the beginning.</summary>
    public double Rest { get; }

    /// <summary>Beginning of the run.</summary>
    public double RunFrom { get; }

    /// <summary>End of the run.</summary>
    public double RunUntil { get; }

    /// <summary>When the sensor is off; from its end on until its beginning where it never is.</summary>
    public (double From, double Until) Off { get; private set; } = (double.PositiveInfinity, double.NegativeInfinity);

    /// <summary>Heart rate.</summary>
    public Course Heart { get; }

    /// <summary>Steps; meaningless at rest.</summary>
    public Course Cadence { get; }

    /// <summary>Breaths, where they do not follow the steps.</summary>
    public Course Breaths { get; }

    /// <summary>In the run a breath takes this many steps; 0 where breathing is free.</summary>
    public int StepsOfBreath { get; }

    /// <summary>Strength of the steps, 0 at rest to 1 in a run.</summary>
    public double StepsAt(double seconds)
    {
        var running = Ramp(seconds, RunFrom, 6) * (1 - Ramp(seconds, RunUntil, 6));
        return 0.35 * Ramp(seconds, Rest, Rest > 0 ? 2 : 0) * (1 - running) + running;
    }

    /// <summary>Strength of the exercise of the arm, 0 or 1.</summary>
    public double WorkAt(double seconds) => Ramp(seconds, Rest, 2);

    private static double Ramp(double seconds, double from, double length) =>
        length > 0 ? Math.Clamp((seconds - from) / length, 0, 1) : seconds >= from ? 1 : 0;

    private Course Locked(double to)
    {
        var rest = Math.Min(Between(58, 95), to - 12);
        var walking = to > 110 ? rest + Between(10, 28) : to - Between(3, 8);
        var reached = Math.Min(RunUntil - 20, RunFrom + Between(15, 75));
        return Course.Through(Seconds, (0, rest), (Rest, rest + 4), (RunFrom, Math.Min(walking, to)), (reached, to + Between(-5, 5)),
            (RunUntil, to + Between(-4, 5)), (Seconds, to - Between(18, 48)));
    }

    private Course Crossing(double at)
    {
        var rest = Math.Min(Between(58, 95), at - 18);
        return Course.Through(Seconds, (0, rest), (RunFrom, Math.Min(rest + 15, at - 14)), (RunFrom + Between(25, 65), at),
            (RunUntil, Math.Min(at + Between(10, 28), 200)), (Seconds, at - Between(15, 42)));
    }

    private Course Apart(double run, double risen)
    {
        var rest = Between(58, 95);
        return Course.Through(Seconds, (0, rest + risen), (RunFrom, rest + 35), (RunFrom + 60, run - Between(10, 34)),
            (RunUntil, run - Between(7, 28)), (Seconds, run - Between(32, 62)));
    }

    private Course Changed()
    {
        var from = Between(50, 130);
        Off = (from, from + Between(10, 60));
        var (before, after) = (Between(60, 100), Between(58, 172));
        return Course.Through(Seconds, (0, before), (from, before + 10), (Off.Until, after), (Seconds, after + Between(-18, 18)));
    }

    private Course Swinging()
    {
        var points = new List<(double, double)>();
        for (double at = 0, rate = Between(60, 95); at < Seconds + 40; at += Between(19, 42))
        {
            points.Add((at, rate));
            var up = rate < 100 || rate <= 150 && Chance(0.5);
            rate = Math.Clamp(rate + (up ? 1 : -1) * Between(25, 62), 58, 188);
        }
        return Course.Through(Seconds, [.. points]);
    }

    private Course Lifting()
    {
        var points = new List<(double, double)>();
        var (rate, deep, up) = (Between(62, 92), Between(5, 17), true);
        for (double at = 0; at < Seconds + 40; at += Between(11, 23) * Math.Exp(0.3 * Course.Normal(_random)))
        {
            var swing = deep * Math.Abs(1 + 0.4 * Course.Normal(_random));
            points.Add((at, Math.Clamp(rate + (up ? swing : -swing), 52, 128)));
            (rate, up) = (rate + 1.5 * Course.Normal(_random), !up);
        }
        return Course.Through(Seconds, [.. points]);
    }

    private bool Chance(double probability) => _random.NextDouble() < probability;

    private double Between(double low, double high) => low + (high - low) * _random.NextDouble();
}
