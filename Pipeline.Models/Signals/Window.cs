namespace Pipeline.Models.Signals;

/// <summary>
/// One window of a device stream, half-open in sample indices, valid only during the call that hands it over (it points into the
/// windower's ring). Window <c>k</c> covers [start(k), start(k) + length), both in closed form from the epoch's sample 0.
/// </summary>
public readonly ref struct Window
{
    private readonly SampleRing _ring;

    internal Window(
        SampleRing ring, long id, long startIndex, int length, int newSampleCount, double rateHz, ulong leadOff, bool isFirstOfSegment)
    {
        _ring = ring;
        Id = id;
        StartIndex = startIndex;
        Length = length;
        NewSampleCount = newSampleCount;
        RateHz = rateHz;
        LeadOff = leadOff;
        IsFirstOfSegment = isFirstOfSegment;
    }

    /// <summary>The integer id <c>k</c>, from 0 in each epoch.</summary>
    public long Id { get; }

    /// <summary>Index of the first sample.</summary>
    public long StartIndex { get; }

    /// <summary>Samples per channel, missing ones included.</summary>
    public int Length { get; }

    /// <summary>Index after the last sample.</summary>
    public long EndIndex => StartIndex + Length;

    /// <summary>
    /// How many of the last samples no earlier window (since the stream began or was reset) contained: <c>Length</c> at first, then one
    /// hop. A streaming detector takes exactly these, so that its work does not depend on how the samples were cut into chunks.
    /// </summary>
    public int NewSampleCount { get; }

    /// <summary>Samples per second and channel.</summary>
    public double RateHz { get; }

    /// <summary>Bit c is set when channel c was said to be off by a chunk that overlaps the new samples.</summary>
    public ulong LeadOff { get; }

    /// <summary>
    /// Whether this is the stream's first window, or the first after a gap as long as a window: nothing before it counts any more, and its
    /// samples before the stream's (re)start are missing.
    /// </summary>
    public bool IsFirstOfSegment { get; }

    /// <summary>The channels.</summary>
    public ChannelLayout Channels => _ring.Channels;

    /// <summary>How the ring stores samples.</summary>
    public SampleFormat Format => _ring.Format;

    /// <summary>
    /// Writes the samples [from, from + destination.Length) of the window (0 = its first) in physical units; a missing one is NaN.
    /// </summary>
    public void CopyPhysical(int channel, int from, Span<float> destination) => _ring.CopyPhysical(channel, StartIndex + from, destination);

    /// <summary>
    /// The stored int16 samples of <paramref name="channel"/>, in order, as one contiguous span; −32768 is missing.
    /// </summary>
    /// <exception cref="InvalidOperationException">The ring holds float32.</exception>
    public ReadOnlySpan<short> Int16(int channel) => _ring.Int16(channel, StartIndex, 0, Length);

    /// <summary>
    /// <paramref name="count"/> of them from <paramref name="from"/> (0 = the window's first) on: cheaper than all when only the new ones
    /// are wanted.
    /// </summary>
    /// <exception cref="InvalidOperationException">The ring holds float32.</exception>
    public ReadOnlySpan<short> Int16(int channel, int from, int count) => _ring.Int16(channel, StartIndex, from, count);

    /// <summary>Samples of the window that arrived and are not missing, of all channels together, over all of them: 0 to 1.</summary>
    public double Coverage() => _ring.Coverage(StartIndex, Length);
}
