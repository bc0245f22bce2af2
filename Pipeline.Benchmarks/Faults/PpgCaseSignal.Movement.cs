namespace Pipeline.Benchmarks.Faults;

/// <content>An accelerometer beside the PPG, what it does to it, and further channels.</content>
internal sealed partial class PpgCaseSignal
{
    private readonly List<PpgCaseSignal> _others = [];

    /// <summary>[axes][samples] of the accelerometer beside it, g; none: there is no accelerometer.</summary>
    public float[][] Axes { get; private set; } = [];

    /// <summary>
    /// Beside an accelerometer: [axes][samples], g, at <paramref name="rateHz"/>, as long as this or longer; drawn between its samples.
    /// </summary>
    public PpgCaseSignal Beside(float[][] axes, double rateHz)
    {
        Axes = Array.ConvertAll(axes, axis =>
        {
            var drawn = new float[_samples.Length];
            for (var i = 0; i < drawn.Length; i++)
            {
                var at = Math.Min(i * rateHz / RateHz, axis.Length - 1.001);
                drawn[i] = (float)(axis[(int)at] + (at - (int)at) * (axis[(int)at + 1] - axis[(int)at]));
            }
            return drawn;
        });
        return this;
    }

    /// <summary>What moves the accelerometer moves the sensor, too: a mixture of its axes, a little later, of the given size.</summary>
    public PpgCaseSignal Shaken(double deviation)
    {
        var (weights, late) = (Axes.Select(_ => Normal()).ToArray(), _random.Next((int)(0.1 * RateHz) + 1));
        var means = Axes.Select(axis => axis.Average()).ToArray();
        var i = 0;
        return Scaled(deviation, () =>
        {
            var (sum, at) = (0.0, Math.Max(0, i++ - late));
            for (var a = 0; a < weights.Length; a++)
                sum += weights[a] * (Axes[a][Math.Min(at, Axes[a].Length - 1)] - means[a]);
            return sum;
        });
    }

    /// <summary>
    /// As <see cref="Shaken"/>, but bent: no filter of the accelerometer explains it all. <paramref name="how"/>: 0 the size of the mixture,
    /// 1 the length of the acceleration, 2 one side of the mixture, 3 limited; <paramref name="late"/> seconds later, its size changing by
    /// <paramref name="change"/> of it over six seconds.
    /// </summary>
    public PpgCaseSignal Bent(double deviation, int how, double late, double change)
    {
        const double memory = 6;
        var weights = Axes.Select(_ => Normal()).ToArray();
        var means = Axes.Select(axis => (double)axis.Average()).ToArray();
        var sizes = Axes.Select((axis, a) => Math.Sqrt(axis.Average(x => (x - means[a]) * (x - means[a])) + 1e-12)).ToArray();
        var (i, delay, gain) = (0, (int)(late * RateHz), Wander(change, memory));
        return Scaled(deviation, () =>
        {
            var (sum, squares, at) = (0.0, 0.0, Math.Max(0, i++ - delay));
            for (var a = 0; a < weights.Length; a++)
            {
                var x = (Axes[a][Math.Min(at, Axes[a].Length - 1)] - means[a]) / sizes[a];
                (sum, squares) = (sum + weights[a] * x, squares + x * x);
            }
            var bent = how switch { 0 => Math.Abs(sum), 1 => Math.Sqrt(squares), 2 => Math.Max(0, sum), _ => Math.Tanh(2 * sum) };
            return (1 + gain()) * bent;
        });
    }

    /// <summary>All that is there rises and falls, as by a sensor that sits loosely.</summary>
    public PpgCaseSignal Loose(double change, double seconds)
    {
        var gain = Wander(change, seconds);
        return Change((_, value) => 2000 + (value - 2000) * Math.Max(0, 1 + gain()));
    }

    /// <summary>Another channel of the same sensor, beside the same accelerometer, as <paramref name="make"/> makes it.</summary>
    public PpgCaseSignal With(Func<PpgCaseSignal, PpgCaseSignal> make)
    {
        _others.Add(make(new PpgCaseSignal(RateHz, _samples.Length, _random.Next()) { Axes = Axes }));
        return this;
    }

    private Func<double> Wander(double deviation, double seconds)
    {
        var (at, keep) = (0.0, Math.Exp(-1 / (seconds * RateHz)));
        return () => at = keep * at + deviation * Math.Sqrt(1 - keep * keep) * Normal();
    }
}
