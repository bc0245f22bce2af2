using Pipeline.Models.Estimators;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;

namespace Pipeline.Models;

/// <summary>
/// Makes the stages of a stream from its first chunk, of which nothing but the names, the rate and the channels may be used:
/// <see cref="Stages.Create"/>, but for benchmarks and tests.
/// </summary>
public delegate IWindowStage[] StageFactory(SampleChunk first);

/// <summary>A window that the stages have taken, in event time.</summary>
/// <param name="Id">Id of the window in its epoch.</param>
/// <param name="StartIndex">Index of its first sample.</param>
/// <param name="EndIndex">Index after its last sample.</param>
/// <param name="Start">Event time of its start: anchor + start index / rate.</param>
/// <param name="End">Event time of its end: anchor + end index / rate.</param>
/// <param name="IsTail">Whether it is the rest at the end of the stream: beats only, no estimate.</param>
public readonly record struct PassedWindow(long Id, long StartIndex, long EndIndex, Timestamp Start, Timestamp End, bool IsTail);

/// <summary>
/// One epoch of one device: windower, event time and stages. Per chunk: <see cref="Accept"/>, then <see cref="TryNext"/> until it is false.
/// Pure: what comes out is a function of the chunks. One thread at a time.
/// </summary>
public sealed partial class DeviceStream
{
    /// <summary>Most bytes that a stream's samples may take in memory: 1 channel of 100 kHz, or 64 of 2 kHz, in windows of 8 s.</summary>
    public const long MaxRingBytes = 16 << 20;

    /// <summary>How far a chunk's own time may lie from anchor + index / rate before the anchor moves, in seconds.</summary>
    public const double MaxDriftSeconds = 1;

    /// <summary>A second of a device; what a longer chunk holds more would push its neighbours out of the cache.</summary>
    private const int MaxPrefetchBytes = 4096;

    private const double MaxSeconds = long.MaxValue / (double)Timestamp.NanosecondsPerSecond;

    private readonly SlidingWindower _windower;
    private IWindowStage[] _stages;
    private readonly SampleFormat _format;
    private Timestamp _anchor;          // time of sample 0 by the device's clock, as far as it is known
    private Timestamp _nextAnchor;      // of windows that end after _nextAnchorFrom
    private long _nextAnchorFrom = long.MaxValue;
    private bool _ending;
    private bool _ended;

    /// <summary>Starts the epoch of <paramref name="first"/>, which is then to be <see cref="Accept">accepted</see>.</summary>
    /// <exception cref="ArgumentException"><see cref="FindFault"/> refuses it.</exception>
    public DeviceStream(WindowShape shape, StageFactory stages, SampleChunk first)
    {
        ArgumentNullException.ThrowIfNull(stages);
        if (FindFault(shape, first) is { } fault)
            throw new ArgumentException(fault, nameof(first));
        Device = first.Device;
        Epoch = first.Epoch;
        RateHz = first.RateHz;
        Channels = first.Channels;
        _format = first.Format;
        _windower = new SlidingWindower(shape, first.Channels, first.Format, first.RateHz);
        _stages = stages(first);
        _anchor = AnchorOf(first);
    }

    /// <summary>The device.</summary>
    public string Device { get; }

    /// <summary>Its epoch.</summary>
    public long Epoch { get; }

    /// <summary>Samples per second and channel.</summary>
    public double RateHz { get; }

    /// <summary>Its channels.</summary>
    public ChannelLayout Channels { get; }

    /// <summary>Bytes of samples that it holds.</summary>
    public long HeldBytes => RingBytes(_windower.Shape, RateHz, Channels.Count, _format);

    /// <summary>How often the anchor has moved because the device's clock and its sample count drifted apart.</summary>
    public int AnchorMoveCount { get; private set; }

    /// <summary>
    /// Why no stream can begin with <paramref name="chunk"/>, or null: <see cref="SampleChunk.FindFault"/>, a rate that does not suit
    /// <paramref name="shape"/>, more than <see cref="MaxRingBytes"/>, or a time that no timestamp can hold.
    /// </summary>
    public static string? FindFault(WindowShape shape, SampleChunk chunk)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(chunk);
        if ((chunk.FindFault() ?? shape.FindFault(chunk.RateHz) ?? FindTimeFault(chunk)) is { } fault)
            return fault;
        var bytes = RingBytes(shape, chunk.RateHz, chunk.Channels.Count, chunk.Format);
        return bytes > MaxRingBytes ? $"{chunk.Channels.Count} channels at {chunk.RateHz} Hz need {bytes} bytes; at most {MaxRingBytes} are kept for a stream" : null;
    }

    /// <summary>Bytes of samples that a stream holds: one window of all its channels, in wire type.</summary>
    public static long RingBytes(WindowShape shape, double rateHz, int channels, SampleFormat format)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return (long)shape.LengthAt(rateHz) * channels * SampleChunk.BytesPerSample(format);
    }

    /// <summary>
    /// Asks the cache for the memory that <see cref="Accept"/> will want; changes nothing. Done for many streams before the first of them
    /// gets its chunk, their waits for memory overlap: with a thousand patients these waits are most of what a chunk costs.
    /// </summary>
    public void Prefetch(SampleChunk chunk)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        SampleRing.Prefetch(chunk.Samples.Span[..Math.Min(chunk.Samples.Length, MaxPrefetchBytes)]);
        _windower.Prefetch(chunk.SampleCount);
    }

    /// <summary>
    /// Takes a chunk of this device and epoch. Refused: what <see cref="SampleChunk.FindFault"/> finds, a time out of range, and a layout,
    /// format or rate other than the epoch's first chunk had (a device that changes them must begin a new epoch).
    /// </summary>
    public ChunkVerdict Accept(SampleChunk chunk)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        if ((chunk.FindFault() ?? FindTimeFault(chunk) ?? FindChange(chunk)) is { } fault)
            return new ChunkVerdict(ChunkFate.Refused, 0, 0, fault);
        if (_ended)
            return new ChunkVerdict(chunk.EndSampleIndex <= _windower.NextSampleIndex ? ChunkFate.Duplicate : ChunkFate.Late, 0, 0);

        var verdict = _windower.Begin(chunk);
        _ending = chunk.EndOfStream;
        if (verdict.TakenCount > 0)
            Compare(chunk);
        return verdict;
    }

    /// <summary>Event time of a sample position, by the anchor of the last window that was passed.</summary>
    public Timestamp TimeOf(double sampleIndex) => _anchor.AddSeconds(sampleIndex / RateHz);

    /// <summary>See <see cref="IWindowStage.Use"/>.</summary>
    public void Use(INetwork network)
    {
        foreach (var stage in _stages)
            stage.Use(network);
    }

    /// <summary>Nothing more will come: <see cref="TryNext"/> then gives the tail, if it was not given before.</summary>
    public void End() => _ending = !_ended;

    /// <summary>
    /// Gives the next window that the chunk completed to the stages, whose words are added to <paramref name="output"/>; false when there
    /// is none left. The last of a stream that ended is its tail.
    /// </summary>
    public bool TryNext(StageOutput output, out PassedWindow passed)
    {
        if (_windower.TryNext(out var window))
        {
            passed = Place(window, isTail: false);
            foreach (var stage in _stages)
            {
                if (window.IsFirstOfSegment)
                    stage.Reset();
                stage.Accept(window, output);
            }
            return true;
        }
        if (!_ending)
        {
            passed = default;
            return false;
        }
        _ending = false;
        _ended = true;
        var tail = _windower.Tail();
        passed = Place(tail, isTail: true);
        foreach (var stage in _stages)
        {
            if (tail.IsFirstOfSegment)
                stage.Reset();
            stage.Finish(tail, output);
        }
        return true;
    }

    private PassedWindow Place(in Window window, bool isTail)
    {
        if (window.EndIndex > _nextAnchorFrom)
        {
            _anchor = _nextAnchor;
            _nextAnchorFrom = long.MaxValue;
            AnchorMoveCount++;
        }
        return new PassedWindow(
            window.Id, window.StartIndex, window.EndIndex, _anchor.AddSeconds(window.StartIndex / RateHz),
            _anchor.AddSeconds(window.EndIndex / RateHz), isTail);
    }

    /// <summary>A chunk whose own time has drifted moves the anchor for the windows that end after its first sample.</summary>
    private void Compare(SampleChunk chunk)
    {
        var expected = _anchor.AddSeconds(chunk.FirstSampleIndex / RateHz);
        if (Math.Abs(chunk.FirstSampleTime.SecondsSince(expected)) <= MaxDriftSeconds)
        {
            _nextAnchorFrom = long.MaxValue;
            return;
        }
        _nextAnchor = AnchorOf(chunk);
        _nextAnchorFrom = Math.Min(_nextAnchorFrom, chunk.FirstSampleIndex);
    }

    private string? FindChange(SampleChunk chunk)
    {
        if (chunk.RateHz != RateHz)
            return $"rate {chunk.RateHz} Hz where epoch {Epoch} began with {RateHz} Hz; a new epoch is wanted";
        if (chunk.Format != _format)
            return $"format {chunk.Format} where epoch {Epoch} began with {_format}; a new epoch is wanted";
        return chunk.Channels.Equals(Channels)
            ? null
            : $"channels other than those that epoch {Epoch} began with; a new epoch is wanted";
    }

    private static string? FindTimeFault(SampleChunk chunk)
    {
        var offset = chunk.FirstSampleIndex / chunk.RateHz;
        var first = chunk.FirstSampleTime.SecondsSince(default);
        return first - offset <= -MaxSeconds || first + chunk.SampleCount / chunk.RateHz + 1 >= MaxSeconds
            ? $"sample {chunk.FirstSampleIndex} at {chunk.RateHz} Hz and time {chunk.FirstSampleTime.UnixNanoseconds} ns: sample 0 or the chunk's end lies outside 1678 to 2262"
            : null;
    }

    private static Timestamp AnchorOf(SampleChunk chunk) => chunk.FirstSampleTime.AddSeconds(-(chunk.FirstSampleIndex / chunk.RateHz));
}
