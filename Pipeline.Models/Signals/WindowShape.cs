namespace Pipeline.Models.Signals;

/// <summary>
/// Length and hop of the windows, in time. At <c>r</c> samples per second window <c>k</c> covers the samples
/// [⌊k·hop·r⌋, ⌊k·hop·r⌋ + ⌊length·r⌋) of the epoch: half-open, in closed form from sample 0, so that no counter can drift or be lost.
/// Every window has the same length; at a rate that is not whole (124.945 Hz) starts differ from the ideal ones by less than one sample.
/// </summary>
public sealed record WindowShape
{
    /// <summary>
    /// A product of two decimal numbers that should be whole may come out a little below: this much of a sample is forgiven.
    /// </summary>
    private const double Forgiven = 1e-6;

    /// <summary>
    /// 8 s every 2 s: what the recordings' references are made for (IEEE Signal Processing Cup 2015, doi:10.1109/TBME.2014.2359372).
    /// </summary>
    public static readonly WindowShape Default = new(TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(2));

    /// <summary>Takes length and hop.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 0 &lt; hop ≤ length ≤ 1 h.</exception>
    public WindowShape(TimeSpan length, TimeSpan hop)
    {
        if (FindShapeFault(length, hop) is { } fault)
            throw new ArgumentOutOfRangeException(hop > TimeSpan.Zero && hop <= length ? nameof(length) : nameof(hop), fault);
        Length = length;
        Hop = hop;
    }

    /// <summary>Length of every window.</summary>
    public TimeSpan Length { get; }

    /// <summary>From the start of a window to the start of the next.</summary>
    public TimeSpan Hop { get; }

    /// <summary>Samples per channel of every window at <paramref name="rateHz"/>.</summary>
    public int LengthAt(double rateHz) => (int)Math.Floor(Length.TotalSeconds * rateHz + Forgiven);

    /// <summary>Index of the first sample of window <paramref name="id"/> at <paramref name="rateHz"/>.</summary>
    public long StartAt(long id, double rateHz) => (long)Math.Floor(id * (Hop.TotalSeconds * rateHz) + Forgiven);

    /// <summary>
    /// The lowest id of a window that ends after sample index <paramref name="index"/> at <paramref name="rateHz"/>; 0 or more.
    /// </summary>
    public long FirstEndingAfter(long index, double rateHz)
    {
        var length = LengthAt(rateHz);
        // The quotient is right to one or two; the loop makes it exact.
        var id = Math.Max(0, (long)((index - length) / (Hop.TotalSeconds * rateHz)) - 2);
        while (StartAt(id, rateHz) + length <= index)
            id++;
        return id;
    }

    /// <summary>Why no windows are of this length and hop, or null.</summary>
    public static string? FindShapeFault(TimeSpan length, TimeSpan hop) =>
        length <= TimeSpan.Zero || length > TimeSpan.FromHours(1) ? $"a window of {length}; it is longer than 0 and at most one hour"
        : hop <= TimeSpan.Zero || hop > length ? $"a hop of {hop}; it is longer than 0 and at most the window's {length}"
        : null;

    /// <summary>
    /// What is wrong with <paramref name="rateHz"/> for this shape, or null: a window must hold two samples, and windows must leave none
    /// out. Where a hop is shorter than a sample lasts, some windows have no new one.
    /// </summary>
    public string? FindFault(double rateHz)
    {
        var hop = Hop.TotalSeconds * rateHz;
        if (LengthAt(rateHz) < 2)
            return $"{rateHz} Hz gives less than two samples in a window of {Length.TotalSeconds} s; at least {2 / Length.TotalSeconds} Hz are wanted";
        return Math.Ceiling(hop - Forgiven) > LengthAt(rateHz)
            ? $"at {rateHz} Hz windows of {LengthAt(rateHz)} samples every {hop} would leave samples out; the hop must be shorter"
            : null;
    }
}
