using Pipeline.Models.Filters;
using Pipeline.Models.Signals;

namespace Pipeline.Models.Graph;

/// <summary>
/// Description of one input of a signal graph and of what is done with it, step by step; each step gives a new description, so that a graph
/// reads as a sentence: <c>SignalStream.At(125).FillMean(minute).Resample(500).Normalise(minute)</c>. Immutable. Samples are float32, NaN is
/// missing, sample k of a stream lies at k / rate seconds, and windows are [n w, (n + 1) w) from sample 0, half-open.
/// </summary>
public sealed class SignalStream
{
    private readonly SignalStream? _before;
    private readonly Func<ISignalStep, ISignalStep>? _step;   // given what follows, makes the step

    private SignalStream(double inputRateHz, long firstIndex)
    {
        InputRateHz = RateHz = inputRateHz;
        InputFirstIndex = FirstIndex = firstIndex;
    }

    private SignalStream(SignalStream before, double rateHz, long firstIndex, TimeSpan holds, Func<ISignalStep, ISignalStep> step)
    {
        _before = before;
        _step = step;
        InputRateHz = before.InputRateHz;
        InputFirstIndex = before.InputFirstIndex;
        RateHz = rateHz;
        FirstIndex = firstIndex;
        Holds = before.Holds + holds;
    }

    /// <summary>Samples per second that go in.</summary>
    public double InputRateHz { get; }

    /// <summary>Index of the first sample that goes in.</summary>
    public long InputFirstIndex { get; }

    /// <summary>Samples per second that come out of the last step.</summary>
    public double RateHz { get; }

    /// <summary>Index of the first sample that comes out of the last step.</summary>
    public long FirstIndex { get; }

    /// <summary>The most by which output lags behind input: the windows and kernels that the steps wait for.</summary>
    public TimeSpan Holds { get; }

    /// <summary>A stream that comes in with <paramref name="rateHz"/> samples per second.</summary>
    /// <param name="rateHz">Finite, above 0.</param>
    /// <param name="firstIndex">Index, on the common clock, of the first sample that will come: its time is index / rate. 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value outside its range.</exception>
    public static SignalStream At(double rateHz, long firstIndex = 0)
    {
        if (!double.IsFinite(rateHz) || rateHz <= 0)
            throw new ArgumentOutOfRangeException(nameof(rateHz), rateHz, "A finite positive rate is wanted.");
        ArgumentOutOfRangeException.ThrowIfNegative(firstIndex);
        return new SignalStream(rateHz, firstIndex);
    }

    /// <summary>Makes samples below <paramref name="low"/> or above <paramref name="high"/> missing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty or NaN.</exception>
    public SignalStream Within(double low, double high) => low <= high
        ? Then(RateHz, FirstIndex, TimeSpan.Zero, next => new WithinStep((float)low, (float)high, next))
        : throw new ArgumentOutOfRangeException(nameof(high), high, $"{low} or more is wanted.");

    /// <summary>Makes samples that <paramref name="spec"/> holds for impossible missing; they are in its unit.</summary>
    public SignalStream Within(SignalSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return Within(spec.Low, spec.High);
    }

    /// <summary>
    /// Puts, in every window of <paramref name="window"/>, the mean of the samples that are there in the place of those that are missing. A
    /// window in which nothing is there stays missing.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The window is no whole number of samples, or none.</exception>
    public SignalStream FillMean(TimeSpan window)
    {
        var (length, first) = (SamplesOf(window), FirstIndex);
        return Then(RateHz, first, window, next => new FillMeanStep(length, first, next));
    }

    /// <summary>
    /// Makes every window of <paramref name="window"/> have mean 0 and standard deviation 1 (of the population) over the samples that are
    /// there; missing ones stay missing. In a window whose samples are all equal they become 0.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The window is no whole number of samples, or none.</exception>
    public SignalStream Normalise(TimeSpan window)
    {
        var (length, first) = (SamplesOf(window), FirstIndex);
        return Then(RateHz, first, window, next => new NormaliseStep(length, first, next));
    }

    /// <summary>
    /// Gives samples at <paramref name="rateHz"/>, on the grid k / rate; nothing is shifted in time. See <see cref="Interpolation"/> for what
    /// each way waits for and what it does with missing samples. The same rate is left as it is.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The ratio of the rates is no fraction of whole numbers up to 4,096.</exception>
    public SignalStream Resample(double rateHz, Interpolation how = Interpolation.Linear)
    {
        if (rateHz == RateHz)
            return this;
        var ratio = RateRatio.Of(RateHz, rateHz);
        var first = FirstIndex;
        var outputFirst = ratio.FirstAtOrAfter(first);
        if (how == Interpolation.Linear)
            return Then(rateHz, outputFirst, TimeSpan.FromSeconds(1 / RateHz), next => new LinearStep(ratio, first, next));
        var kernel = new PolyphaseKernel(ratio);
        return Then(rateHz, outputFirst, TimeSpan.FromSeconds((kernel.Reach + 1) / RateHz), next => new PolyphaseStep(kernel, first, next));
    }

    /// <summary>
    /// Sends the stream through a causal filter made for this rate, for example <see cref="Butterworth.BandPass"/>; its phase shift stays in
    /// the samples. Missing samples stay missing.
    /// </summary>
    public SignalStream Through(BiquadCascade filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return Then(RateHz, FirstIndex, TimeSpan.Zero, next => new FilterStep(filter, next));
    }

    /// <summary>The steps, ending in <paramref name="end"/>: what the input's samples are pushed into.</summary>
    internal ISignalStep Build(ISignalStep end)
    {
        var step = end;
        for (var stream = this; stream._step is { } make; stream = stream._before!)   // a step always has a stream before it
            step = make(step);
        return step;
    }

    private SignalStream Then(double rateHz, long firstIndex, TimeSpan holds, Func<ISignalStep, ISignalStep> step) =>
        new(this, rateHz, firstIndex, holds, step);

    private int SamplesOf(TimeSpan window)
    {
        var samples = window.TotalSeconds * RateHz;
        var whole = Math.Round(samples);
        return whole is >= 1 and <= 1 << 24 && Math.Abs(samples - whole) < 1e-6
            ? (int)whole
            : throw new ArgumentOutOfRangeException(nameof(window), window, $"At {RateHz} Hz a window of {window} has {samples} samples; a whole number from 1 to {1 << 24} is wanted.");
    }
}
