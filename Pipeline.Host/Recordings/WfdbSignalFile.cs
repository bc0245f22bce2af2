using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>
/// One signal file of a WFDB record: the samples of its signals, interleaved frame by frame. Read once, from its beginning.
/// </summary>
internal sealed class WfdbSignalFile : IDisposable
{
    private readonly FileStream _stream;
    private readonly int _format;
    private readonly WfdbSignal[] _signals;
    private readonly bool _isFloat;
    private byte[] _bytes = [];
    private int[] _samples = [];

    /// <summary>Opens the file of consecutive <paramref name="signals"/> at <paramref name="path"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="signals">Its signals, in its order, of one format.</param>
    /// <param name="firstSignal">Number of the first of them in the record.</param>
    /// <param name="isFloat">Whether samples are handed out as float32, less the baseline; else as int16, as stored.</param>
    public WfdbSignalFile(string path, WfdbSignal[] signals, int firstSignal, bool isFloat)
    {
        (Name, _signals, FirstSignal, _isFloat) = (Path.GetFileName(path), signals, firstSignal, isFloat);
        _format = signals[0].Format;
        SamplesPerFrame = signals.Sum(signal => signal.Signal.SamplesPerFrame);
        _stream = RecordingFile.Open(path);
        var offset = signals[0].ByteOffset;
        SampleCount = WfdbFormat.Samples(_format, Math.Max(0, _stream.Length - offset));
        _stream.Position = Math.Min(offset, _stream.Length);
    }

    public string Name { get; }

    /// <summary>Number of its first signal in the record.</summary>
    public int FirstSignal { get; }

    public int SignalCount => _signals.Length;

    public int SamplesPerFrame { get; }

    public long SampleCount { get; }

    /// <summary>
    /// Reads frames to the buffers, one a signal. All but the last call read whole blocks (<see cref="WfdbFormat.BlockSamples"/>).
    /// </summary>
    /// <exception cref="RecordingException">The file became shorter.</exception>
    public void Read(int frames, ReadOnlySpan<SignalBuffer> buffers)
    {
        var count = frames * SamplesPerFrame;
        if (_samples.Length < count)
            (_samples, _bytes) = (new int[count], new byte[count * sizeof(int)]);
        var samples = _samples.AsSpan(0, count);
        var bytes = _bytes.AsSpan(0, WfdbFormat.Bytes(_format, count));
        if (_stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            throw new RecordingException($"{Name}: became shorter while it was read");
        WfdbFormat.Unpack(_format, bytes, samples);
        Deal(samples, frames, buffers);
    }

    public void Dispose() => _stream.Dispose();

    /// <summary>[frames x signals x samples per frame] → one row a signal.</summary>
    private void Deal(ReadOnlySpan<int> samples, int frames, ReadOnlySpan<SignalBuffer> buffers)
    {
        for (int s = 0, at = 0; s < _signals.Length; at += _signals[s].Signal.SamplesPerFrame, s++)
        {
            var perFrame = _signals[s].Signal.SamplesPerFrame;
            if (_isFloat)
                DealFloat(samples, (at, perFrame), _signals[s].Signal.Baseline, buffers[s].AppendFloat32(frames * perFrame));
            else
                DealInt16(samples, (at, perFrame), buffers[s].AppendInt16(frames * perFrame));
        }
    }

    private void DealInt16(ReadOnlySpan<int> samples, (int At, int PerFrame) place, Span<short> row)
    {
        for (int i = 0, from = place.At; i < row.Length; from += SamplesPerFrame)
            for (var k = 0; k < place.PerFrame; k++)
                row[i++] = samples[from + k] == WfdbFormat.Missing ? SampleChunk.MissingInt16 : (short)samples[from + k];
    }

    // Less the baseline before it is rounded to 24 bits: a small signal on a high offset keeps its steps.
    private void DealFloat(ReadOnlySpan<int> samples, (int At, int PerFrame) place, double baseline, Span<float> row)
    {
        for (int i = 0, from = place.At; i < row.Length; from += SamplesPerFrame)
            for (var k = 0; k < place.PerFrame; k++)
                row[i++] = samples[from + k] == WfdbFormat.Missing ? float.NaN : (float)(samples[from + k] - baseline);
    }
}
