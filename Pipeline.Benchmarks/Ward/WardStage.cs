using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;
using Pipeline.Models.Spectra;

namespace Pipeline.Benchmarks.Ward;

/// <summary>What a shard's stages found, summed: the same in any order of the windows.</summary>
internal sealed class WardTotals
{
    private long _windowCount;
    private long _peakSum;
    private ulong _checksum;

    public long WindowCount => _windowCount;

    public long PeakSum => _peakSum;

    public ulong Checksum => _checksum;

    public void Add(ulong hash, int peak)
    {
        Interlocked.Increment(ref _windowCount);
        Interlocked.Add(ref _checksum, hash);
        if (peak != 0)
            Interlocked.Add(ref _peakSum, peak);
    }
}

/// <summary>
/// The workload's result for each window: count, mean, variance, least and greatest of each channel; with spectra also the power of each
/// channel's 1,024-point spectrum, and the PPG's peak in 0.61-3.91 Hz. The result's 64-bit FNV hash goes to the totals.
/// </summary>
internal sealed class WardStage(bool spectra, WardTotals totals) : IWindowStage
{
    private const int Points = 1024;
    private const int FirstBin = 5;
    private const int LastBin = 32;

    [ThreadStatic]
    private static Buffers? _buffers;   // a window's work leaves nothing behind: one set a thread, not a patient

    public int Patient { get; init; }

    public void Accept(in Window window, StageOutput output)
    {
        var hash = new Fnv(0xCBF29CE484222325);
        hash.Add((uint)Patient);
        hash.Add((uint)window.StartIndex);
        hash.Add((uint)(window.StartIndex >> 32));
        var peak = 0;
        for (var channel = 0; channel < WardSignal.ChannelCount; channel++)
        {
            var samples = window.Int16(channel);
            var statistics = WardStatistics.Of(samples);
            hash.Add(statistics.Count);
            hash.Add(statistics.Mean);
            hash.Add(statistics.Variance);
            hash.Add(statistics.Min);
            hash.Add(statistics.Max);
            if (spectra)
                Transform(samples, statistics, channel, ref peak);
        }
        if (spectra)
            hash.Add((uint)peak);
        totals.Add(hash.Value, peak);
    }

    public void Finish(in Window tail, StageOutput output)
    {
        // The workload gives out no incomplete window.
    }

    public void Reset()
    {
        // Nothing is kept from window to window.
    }

    private static void Transform(ReadOnlySpan<short> samples, WardStatistics statistics, int channel, ref int peak)
    {
        var buffers = _buffers ??= new Buffers();
        var mean = statistics.Mean;
        ToFloat(samples, buffers.Samples);
        if (statistics.Count < samples.Length)
            for (var i = 0; i < samples.Length; i++)
                if (samples[i] == SampleChunk.MissingInt16)
                    buffers.Samples[i] = mean;      // 0 after the mean is taken off
        RealFft.Of(Points).Power(buffers.Samples.AsSpan(0, samples.Length), mean, buffers.Hann, buffers.Power);
        buffers.TotalPower[channel] = System.Numerics.Tensors.TensorPrimitives.Sum<float>(buffers.Power);
        if (channel == 0)
            peak = FirstBin + System.Numerics.Tensors.TensorPrimitives.IndexOfMax(buffers.Power.AsSpan(FirstBin, LastBin - FirstBin + 1));
    }

    private static void ToFloat(ReadOnlySpan<short> from, Span<float> to)
    {
        var at = 0;
        for (; at <= from.Length - 16; at += 16)
        {
            var (low, high) = System.Runtime.Intrinsics.Vector256.Widen(System.Runtime.Intrinsics.Vector256.Create(from.Slice(at, 16)));
            System.Runtime.Intrinsics.Vector256.CopyTo(System.Runtime.Intrinsics.Vector256.ConvertToSingle(low), to[at..]);
            System.Runtime.Intrinsics.Vector256.CopyTo(System.Runtime.Intrinsics.Vector256.ConvertToSingle(high), to[(at + 8)..]);
        }
        for (; at < from.Length; at++)
            to[at] = from[at];
    }

    private sealed class Buffers
    {
        public readonly float[] Samples = new float[1000];
        public readonly float[] Hann = [.. Tapers.Create(Taper.Hann, 1000).Select(w => (float)w)];
        public readonly float[] Power = new float[Points / 2 + 1];
        public readonly float[] TotalPower = new float[WardSignal.ChannelCount];
    }

    private ref struct Fnv(ulong seed)
    {
        public ulong Value = seed;

        public void Add(uint word) => Value = (Value ^ word) * 0x100000001B3;

        public void Add(float value) => Add(BitConverter.SingleToUInt32Bits(value));
    }
}
