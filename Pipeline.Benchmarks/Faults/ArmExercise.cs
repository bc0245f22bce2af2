namespace Pipeline.Benchmarks.Faults;

/// <summary>
/// Uneven exercise of an arm: two or three movements at a time, each for 2 to 12 s, with pushes, pauses, jolts and slow shifts of the
/// sensor. What reaches the PPG is broad, and only in part what the accelerometer sees.
/// </summary>
internal sealed class ArmExercise
{
    private const int Layers = 3, Axes = 3;

    private readonly Random _random;
    private readonly double _rateHz;

    /// <summary>For <paramref name="count"/> samples.</summary>
    public ArmExercise(double rateHz, int count, Random random)
    {
        (_random, _rateHz) = (random, rateHz);
        Acc = [new double[count], new double[count], new double[count]];
        (InPulse, Work) = (new double[count], new double[count]);
        for (var layer = 0; layer < Layers; layer++)
            for (int first = (int)(3 * rateHz * random.NextDouble()), end; first < count; first = end)
            {
                end = Math.Min(count, first + (int)(Log(2, 12) * rateHz));
                if (random.NextDouble() < 0.75)
                    Move(first, end);
            }
        for (var at = random.NextDouble() * rateHz; at < count; at -= 2 * rateHz * Math.Log(1 - random.NextDouble()))
            Jolt(at);
        var slow = 0.0;
        var kept = Math.Exp(-1 / (0.7 * rateHz));
        for (var i = 0; i < count; i++)
        {
            slow = kept * slow + Math.Sqrt(1 - kept * kept) * Course.Normal(random);
            InPulse[i] += 1.5 * slow * Work[i];
        }
        var scale = 1 / Math.Sqrt(InPulse.Sum(x => x * x) / count + 1e-12);
        for (var i = 0; i < count; i++)
            InPulse[i] *= scale;
    }

    /// <summary>[axes][samples], g.</summary>
    public double[][] Acc { get; }

    /// <summary>[samples]: what reaches the PPG; mean square 1.</summary>
    public double[] InPulse { get; }

    /// <summary>[samples]: how hard the arm works, 0 to 1.</summary>
    public double[] Work { get; }

    private void Move(int first, int end)
    {
        var rate = Log(20, 220);
        var waves = new PeriodicWave[Axes];
        Span<double> sizes = stackalloc double[Axes];
        for (var a = 0; a < Axes; a++)
            (waves[a], sizes[a]) = (PeriodicWave.Falling(Between(0.2, 1), _random), Log(0.1, 1));
        var (inPulse, half) = (PeriodicWave.Falling(Between(0.3, 1.2), _random), PeriodicWave.Falling(Between(0.3, 1.2), _random));
        var (size, halfSize) = (Log(0.4, 2), Between(0, 1));
        double phase = 2 * Math.PI * _random.NextDouble(), pace = 0, push = 0;
        var (paceKept, pushKept) = (Math.Exp(-1 / (2 * _rateHz)), Math.Exp(-1 / _rateHz));
        for (var i = first; i < end; i++)
        {
            pace = paceKept * pace + Math.Sqrt(1 - paceKept * paceKept) * 0.12 * Course.Normal(_random);
            push = pushKept * push + Math.Sqrt(1 - pushKept * pushKept) * 0.5 * Course.Normal(_random);
            phase += 2 * Math.PI * Math.Clamp(rate * Math.Exp(pace), 10, 300) / 60 / _rateHz;
            var (sine, cosine) = Math.SinCos(phase);
            var (halfSine, halfCosine) = Math.SinCos(phase / 2);
            var shape = Math.Pow(Math.Sin(Math.PI * (i - first + 0.5) / (end - first)), 0.8);
            var strength = shape * Math.Clamp(1 + push, 0, 3);
            for (var a = 0; a < Axes; a++)
                Acc[a][i] += strength * sizes[a] * waves[a].At(sine, cosine);
            InPulse[i] += strength * size * (inPulse.At(sine, cosine) + halfSize * half.At(halfSine, halfCosine));
            Work[i] = Math.Max(Work[i], shape);
        }
    }

    private void Jolt(double centre)
    {
        var width = Log(0.05, 0.8) * _rateHz;
        var (inPulse, size) = (2 * Course.Normal(_random), 0.5 * Course.Normal(_random));
        Span<double> axes = stackalloc double[Axes];
        foreach (ref var axis in axes)
            axis = size * Course.Normal(_random);
        for (var i = Math.Max(0, (int)(centre - 4 * width)); i < Math.Min(InPulse.Length, centre + 4 * width); i++)
        {
            var bell = Math.Exp(-0.5 * (i - centre) * (i - centre) / width / width);
            for (var a = 0; a < Axes; a++)
                Acc[a][i] += bell * axes[a];
            InPulse[i] += bell * inPulse;
        }
    }

    private double Between(double low, double high) => low + (high - low) * _random.NextDouble();

    private double Log(double low, double high) => low * Math.Exp(_random.NextDouble() * Math.Log(high / low));
}
